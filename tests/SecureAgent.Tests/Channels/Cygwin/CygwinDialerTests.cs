using System.Net;
using System.Net.Sockets;
using SecureAgent.Channels.Cygwin;
using SecureAgent.Channels.Windows;
using SecureAgent.Core;
using SecureAgent.Tests.Channels.UnixSocket;
using SecureAgent.Tests.Channels.Windows;

namespace SecureAgent.Tests.Channels.Cygwin;

public sealed class CygwinDialerTests
{
    private static CancellationToken Test => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Agent_is_reached()
    {
        await using ServedCygwin served = await ServedCygwin.StartAsync();
        await using Stream stream = await Dialer(served.Socket).ConnectAsync(Test);
        await stream.WriteAsync((byte[])[0, 0, 0, 1, 11], Test);
        byte[] answer = new byte[5];
        await stream.ReadExactlyAsync(answer, Test);
        Assert.Equal(12, answer[4]);
    }

    [Fact]
    public async Task Agent_that_takes_8_bytes_of_credentials_is_reached_at_the_second_try()
    {
        using TemporaryDirectory directory = new();
        using TcpListener listener = new(IPAddress.Loopback, 0);
        listener.Start();
        string path = Path.Combine(directory.Path, "S.gpg-agent.ssh");
        CygwinSocketFile file = CygwinSocketFile.Create(((IPEndPoint)listener.LocalEndpoint).Port);
        await File.WriteAllBytesAsync(path, file.Format(), Test);
        Task<int> serving = ServeLikeAssuanAsync(listener, file.Secret);
        await using Stream stream = await Dialer(path).ConnectAsync(Test);
        await stream.WriteAsync((byte[])[0, 0, 0, 1, 11], Test);
        Assert.Equal(5, stream.ReadByte());
        Assert.Equal(2, await serving);
    }

    [Theory]
    [InlineData("not a socket")]
    [InlineData("!<socket >1 s 00000000-00000000-00000000-00000000\0")] // Nobody listens on port 1.
    [InlineData(null)]
    public async Task File_that_leads_nowhere_is_named_in_words(string? content)
    {
        using TemporaryDirectory directory = new();
        string path = Path.Combine(directory.Path, "agent.cygwin");
        if (content is not null)
        {
            await File.WriteAllTextAsync(path, content, Test);
        }

        ChannelException exception =
            await Assert.ThrowsAsync<ChannelException>(async () => await Dialer(path).ConnectAsync(Test));
        Assert.Contains(path, exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task File_that_another_user_wrote_is_not_followed()
    {
        await using ServedCygwin served = await ServedCygwin.StartAsync();
        TestTcpPeers peers = new() { Distrust = "it belongs to S-1-5-21-2" };
        ChannelException exception = await Assert.ThrowsAsync<ChannelException>(
            async () => await Dialer(served.Socket, peers).ConnectAsync(Test));
        Assert.Contains("S-1-5-21-2", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Process_of_another_user_is_not_spoken_to()
    {
        await using ServedCygwin served = await ServedCygwin.StartAsync();
        TestTcpPeers peers = new() { Peer = new TcpPeer(666, "S-1-5-21-2", IsTrusted: false) };
        ChannelException exception = await Assert.ThrowsAsync<ChannelException>(
            async () => await Dialer(served.Socket, peers).ConnectAsync(Test));
        Assert.Contains("process 666", exception.Message, StringComparison.Ordinal);
    }

    private static CygwinDialer Dialer(string path, TestTcpPeers? peers = null) =>
        new(path, peers ?? new TestTcpPeers(), TimeProvider.System);

    /// <summary>What libassuan's assuan_sock_check_nonce does, and then an agent that refuses everything: a connection
    /// of the wrong kind has a frame of no length first, and ends.</summary>
    /// <returns>How many connections it took.</returns>
    private static async Task<int> ServeLikeAssuanAsync(TcpListener listener, ReadOnlyMemory<byte> secret)
    {
        for (int connections = 1; ; connections++)
        {
            using TcpClient client = await listener.AcceptTcpClientAsync(Test);
            await using NetworkStream stream = client.GetStream();
            byte[] nonce = new byte[16];
            await stream.ReadExactlyAsync(nonce, Test);
            Assert.Equal(secret, nonce);
            await stream.WriteAsync(nonce, Test);
            byte[] credentials = new byte[8];
            await stream.ReadExactlyAsync(credentials, Test);
            await stream.WriteAsync(credentials, Test);
            byte[] length = new byte[4];
            await stream.ReadExactlyAsync(length, Test);
            if (length[3] == 1)
            {
                await stream.WriteAsync((byte[])[5], Test);
                return connections;
            }
        }
    }
}
