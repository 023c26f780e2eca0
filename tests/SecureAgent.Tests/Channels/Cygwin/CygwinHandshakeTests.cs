using System.Security.Cryptography;
using SecureAgent.Channels.Cygwin;
using SecureAgent.Tests.Core;

namespace SecureAgent.Tests.Channels.Cygwin;

public sealed class CygwinHandshakeTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private static readonly byte[] Secret = RandomNumberGenerator.GetBytes(16);

    // pid 4711, uid 197609, gid 197121, as on a Windows machine without a domain.
    private static readonly byte[] Credentials = [0x67, 0x12, 0, 0, 0xe9, 0x03, 0x03, 0, 0x01, 0x02, 0x03, 0];

    private static CancellationToken Test => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Secret_that_is_wrong_by_any_one_bit_gets_no_reply()
    {
        for (int bit = 0; bit < 128; bit++)
        {
            byte[] wrong = [.. Secret];
            wrong[bit / 8] ^= (byte)(1 << (bit % 8));
            using ScriptedStream client = new();
            client.Send([.. wrong, .. Credentials]);
            Assert.Equal(CygwinHandshakeResult.WrongSecret, await AcceptAsync(client));
            Assert.Empty(client.Output);
        }
    }

    [Fact]
    public async Task Bytes_may_come_one_by_one()
    {
        using ScriptedStream client = new();
        foreach (byte one in (byte[])[.. Secret, .. Credentials])
        {
            client.Send(one);
        }

        Assert.Equal(CygwinHandshakeResult.Done, await AcceptAsync(client));
        byte[] answer = [.. Secret, .. BitConverter.GetBytes(Environment.ProcessId), .. Credentials[4..]];
        Assert.Equal(answer, client.Output);
    }

    [Fact]
    public async Task Client_that_sends_8_bytes_and_waits_is_answered_with_8_and_its_frames_are_left()
    {
        using ScriptedStream client = new();
        ManualTime time = new();
        client.Send(Secret);
        client.Send(Credentials[..8]);
        Task<CygwinHandshakeResult> accepting =
            CygwinHandshake.AcceptAsync(client, Secret, time, Test).AsTask();
        Assert.True(SpinWait.SpinUntil(() => time.Armed == 1, Patience));
        Assert.False(accepting.IsCompleted);
        time.Advance(TimeSpan.FromMilliseconds(250));
        Assert.Equal(CygwinHandshakeResult.Done, await accepting.WaitAsync(Patience, Test));
        byte[] answer = [.. Secret, .. BitConverter.GetBytes(Environment.ProcessId), .. Credentials[4..8]];
        Assert.Equal(answer, client.Output);
        client.Send(0, 0, 0, 1, 11);
        byte[] frame = new byte[5];
        await client.ReadExactlyAsync(frame, Test);
        Assert.Equal([0, 0, 0, 1, 11], frame);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(15)]
    [InlineData(16)]
    [InlineData(23)]
    [InlineData(25)]
    [InlineData(27)]
    public async Task Client_that_leaves_early_is_gone(int sent)
    {
        using ScriptedStream client = new();
        client.Send([.. ((byte[])[.. Secret, .. Credentials])[..sent]]);
        client.Leave();
        Assert.Equal(CygwinHandshakeResult.Gone, await AcceptAsync(client));
    }

    [Fact]
    public async Task Both_sides_agree_and_the_client_shows_nothing_but_what_the_protocol_has()
    {
        using ScriptedStream server = new();
        server.Send([.. Secret, .. Credentials]);
        Assert.Equal(CygwinHandshakeResult.Done, await ConnectAsync(server, 12));
        Assert.Equal([.. Secret, .. BitConverter.GetBytes(Environment.ProcessId), .. new byte[8]], server.Output);
    }

    [Fact]
    public async Task Server_of_8_bytes_is_recognised_whether_it_waits_or_leaves()
    {
        foreach (bool leaves in (bool[])[false, true])
        {
            using ScriptedStream server = new();
            server.Send([.. Secret, .. Credentials[..8]]);
            if (leaves)
            {
                server.Leave();
            }

            Assert.Equal(CygwinHandshakeResult.ShortCredentials, await ConnectAsync(server, 12));
        }
    }

    [Fact]
    public async Task Server_that_takes_8_bytes_of_whoever_sends_8_is_done()
    {
        using ScriptedStream server = new();
        server.Send([.. Secret, .. Credentials[..8]]);
        Assert.Equal(CygwinHandshakeResult.Done, await ConnectAsync(server, 8));
        Assert.Equal(24, server.Output.Length);
    }

    [Fact]
    public async Task Server_that_does_not_know_the_secret_learns_nothing_more()
    {
        using ScriptedStream server = new();
        server.Send([.. Secret[..15], (byte)(Secret[15] ^ 1), .. Credentials]);
        Assert.Equal(CygwinHandshakeResult.WrongSecret, await ConnectAsync(server, 12));
        Assert.Equal(16, server.Output.Length);
    }

    private static Task<CygwinHandshakeResult> AcceptAsync(Stream client) =>
        CygwinHandshake.AcceptAsync(client, Secret, TimeProvider.System, Test).AsTask().WaitAsync(Patience, Test);

    private static Task<CygwinHandshakeResult> ConnectAsync(Stream server, int size) =>
        CygwinHandshake.ConnectAsync(server, Secret, size, TimeProvider.System, Test).AsTask()
            .WaitAsync(Patience, Test);
}
