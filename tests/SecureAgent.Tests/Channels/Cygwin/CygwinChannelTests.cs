using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using SecureAgent.Channels.Cygwin;
using SecureAgent.Channels.Windows;
using SecureAgent.Core;
using SecureAgent.Tests.Channels.UnixSocket;
using SecureAgent.Tests.Channels.Windows;

namespace SecureAgent.Tests.Channels.Cygwin;

public sealed class CygwinChannelTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private static CancellationToken Test => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Client_of_Cygwin_is_answered()
    {
        await using ServedCygwin served = await ServedCygwin.StartAsync();
        using CygwinTestClient client = CygwinTestClient.Open(served.Socket);
        Assert.Equal(1, client.List());
        Assert.Equal(1, client.List());
        Assert.Equal(client.Port, served.Peers.Asked!.Value.Own.Port);
    }

    [Fact]
    public async Task Client_of_libassuan_is_answered()
    {
        await using ServedCygwin served = await ServedCygwin.StartAsync();
        using CygwinTestClient client = CygwinTestClient.Open(served.Socket, credentials: 8);
        Assert.Equal(1, client.List());
    }

    [Fact]
    public async Task Sixty_four_clients_at_once_are_all_answered()
    {
        await using ServedCygwin served = await ServedCygwin.StartAsync();
        Task[] clients = [.. Enumerable.Range(0, 64).Select(_ => Task.Factory.StartNew(
            () =>
            {
                using CygwinTestClient client = CygwinTestClient.Open(served.Socket);
                for (int i = 0; i < 10; i++)
                {
                    Assert.Equal(1, client.List());
                }
            },
            Test,
            TaskCreationOptions.LongRunning, // The clients wait on their threads; the pool's are the agent's.
            TaskScheduler.Default))];
        await Task.WhenAll(clients).WaitAsync(Patience, Test);
    }

    [Fact]
    public async Task File_is_the_users_alone_and_a_socket_to_Cygwin()
    {
        await using ServedCygwin served = await ServedCygwin.StartAsync();
        if (OperatingSystem.IsWindows())
        {
            Assert.Equal(FileAttributes.System, File.GetAttributes(served.Socket) & FileAttributes.System);
        }
        else
        {
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(served.Socket));
            Assert.Equal(
                UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute,
                File.GetUnixFileMode(Path.GetDirectoryName(served.Socket)!));
        }
    }

    [Fact]
    public async Task Listener_is_on_127_0_0_1_alone()
    {
        await using ServedCygwin served = await ServedCygwin.StartAsync();
        SocketException exception = Assert.Throws<SocketException>(
            () => CygwinTestClient.Connect(served.Socket, IPAddress.Parse("127.0.0.2")));
        Assert.Equal(SocketError.ConnectionRefused, exception.SocketErrorCode);
    }

    [Fact]
    public async Task Wrong_secret_is_closed_without_a_byte_and_logged()
    {
        await using ServedCygwin served = await ServedCygwin.StartAsync();
        using CygwinTestClient client = CygwinTestClient.Connect(served.Socket);
        client.Secret[15] ^= 1;
        client.Send(client.Secret);
        Assert.True(client.IsClosed());
        Assert.Contains("secret", served.Refused().Message, StringComparison.Ordinal);
        Assert.Equal(0, served.Agent.Status.Sessions);
    }

    [Fact]
    public async Task Request_without_the_secret_is_not_answered()
    {
        await using ServedCygwin served = await ServedCygwin.StartAsync();
        using CygwinTestClient client = CygwinTestClient.Connect(served.Socket);
        client.Send(0, 0, 0, 1, 11, 0, 0, 0, 1, 11, 0, 0, 0, 1, 11, 0, 0, 0, 1, 11);
        Assert.True(client.IsClosed());
    }

    [Fact]
    public async Task Secret_and_credentials_may_come_in_pieces_of_one_byte()
    {
        await using ServedCygwin served = await ServedCygwin.StartAsync();
        using CygwinTestClient client = CygwinTestClient.Connect(served.Socket);
        foreach (byte one in (byte[])[.. client.Secret, .. new byte[12]])
        {
            client.Send(one);
        }

        client.Receive(28);
        Assert.Equal(1, client.List());
    }

    [Fact]
    public async Task Process_of_another_user_is_refused_though_it_knows_the_secret()
    {
        await using ServedCygwin served = await ServedCygwin.StartAsync();
        served.Peers.Peer = new TcpPeer(666, "S-1-5-21-2", IsTrusted: false);
        using CygwinTestClient client = CygwinTestClient.Open(served.Socket);
        Assert.True(client.IsClosed());
        AgentEvent refused = served.Refused();
        Assert.Contains("process 666", refused.Message, StringComparison.Ordinal);
        Assert.Equal("S-1-5-21-2", refused.Peer!.User);
    }

    [Fact]
    public async Task Oversized_frame_closes_its_connection_and_no_other()
    {
        await using ServedCygwin served = await ServedCygwin.StartAsync();
        using CygwinTestClient good = CygwinTestClient.Open(served.Socket);
        using CygwinTestClient bad = CygwinTestClient.Open(served.Socket);
        bad.Send(0, 4, 0, 1);
        Assert.True(bad.IsClosed());
        Assert.Equal(1, good.List());
    }

    [Fact]
    public async Task Thousand_silent_and_half_done_handshakes_delay_nobody()
    {
        await using ServedCygwin served = await ServedCygwin.StartAsync();
        List<CygwinTestClient> silent = [];
        try
        {
            for (int i = 0; i < 1000; i++)
            {
                CygwinTestClient client = CygwinTestClient.Connect(served.Socket);
                silent.Add(client);
                client.Send(client.Secret[..(i % 16)]);
            }

            List<TimeSpan> taken = [];
            for (int i = 0; i < 200; i++)
            {
                Stopwatch watch = Stopwatch.StartNew();
                using CygwinTestClient client = CygwinTestClient.Open(served.Socket);
                Assert.Equal(1, client.List());
                taken.Add(watch.Elapsed);
            }

            taken.Sort();
            TestContext.Current.TestOutputHelper?.WriteLine(
                $"median {taken[100].TotalMilliseconds:f2} ms, p99 {taken[197].TotalMilliseconds:f2} ms");

            // The median, so that a busy machine is not taken for a slow agent; one that waits for the silent takes
            // 5 s.
            Assert.True(taken[100] < TimeSpan.FromMilliseconds(200), $"A list took {taken[100]}.");
        }
        finally
        {
            silent.ForEach(client => client.Dispose());
        }
    }

    [Fact]
    public async Task File_goes_when_the_channel_stops_and_can_be_served_again()
    {
        await using ServedCygwin first = await ServedCygwin.StartAsync();
        await first.StopAsync();
        Assert.False(File.Exists(first.Socket));
        using CygwinListener second = await CygwinListener.OpenAsync(first.Socket, first.Peers, TimeProvider.System);
        Assert.True(File.Exists(first.Socket));
    }

    [Fact]
    public async Task File_that_another_agent_has_replaced_is_left_alone()
    {
        await using ServedCygwin first = await ServedCygwin.StartAsync();
        File.SetAttributes(first.Socket, FileAttributes.Normal);
        File.Delete(first.Socket);
        using CygwinListener second = await CygwinListener.OpenAsync(first.Socket, first.Peers, TimeProvider.System);
        await first.StopAsync();
        Assert.True(CygwinSocketFile.TryRead(first.Socket)!.IsSameAs(second.File));
    }

    [Fact]
    public async Task File_that_is_served_is_refused_and_the_server_named()
    {
        await using ServedCygwin first = await ServedCygwin.StartAsync();
        CygwinChannel second = first.Second();
        ChannelException exception =
            await Assert.ThrowsAsync<ChannelException>(() => second.RunAsync(first.Agent, Test));
        Assert.Contains("C:/ssh.exe (pid 4242)", exception.Message, StringComparison.Ordinal);
        await Assert.ThrowsAsync<ChannelException>(() => second.Listening.WaitAsync(Patience, Test));
        using CygwinTestClient client = CygwinTestClient.Open(first.Socket);
        Assert.Equal(1, client.List());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task File_whose_listener_has_gone_is_replaced_even_if_its_port_is_anothers(bool taken)
    {
        using TemporaryDirectory directory = new();
        using TcpListener other = new(IPAddress.Loopback, 0);
        other.Start();
        string path = Path.Combine(directory.Path, "agent.cygwin");
        CygwinSocketFile old = CygwinSocketFile.Create(((IPEndPoint)other.LocalEndpoint).Port);
        await File.WriteAllBytesAsync(path, old.Format(), Test);
        File.SetAttributes(path, FileAttributes.System | FileAttributes.ReadOnly);
        if (taken)
        {
            _ = other.AcceptSocketAsync(Test).AsTask().ContinueWith(
                accepted => accepted.Result.Dispose(), Test, default, TaskScheduler.Default);
        }
        else
        {
            other.Stop();
        }

        using CygwinListener listener = await CygwinListener.OpenAsync(path, new TestTcpPeers(), TimeProvider.System);
        Assert.False(CygwinSocketFile.TryRead(path)!.IsSameAs(old));
    }

    [Fact]
    public async Task Anything_else_in_the_place_is_refused_and_kept()
    {
        using TemporaryDirectory directory = new();
        string path = Path.Combine(directory.Path, "agent.cygwin");
        await File.WriteAllTextAsync(path, "precious", Test);
        await Assert.ThrowsAsync<ChannelException>(
            async () => await CygwinListener.OpenAsync(path, new TestTcpPeers(), TimeProvider.System));
        Assert.Equal("precious", await File.ReadAllTextAsync(path, Test));
    }

    [Fact]
    public async Task Elsewhere_than_on_Windows_the_channel_says_so()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "It serves on Windows.");
        await using ServedCygwin served = await ServedCygwin.StartAsync();
        CygwinChannel channel = new(served.Socket + "2", served.Log, TimeProvider.System);
        await Assert.ThrowsAsync<ChannelException>(() => channel.RunAsync(served.Agent, Test));
        await Assert.ThrowsAsync<ChannelException>(() => channel.Listening.WaitAsync(Patience, Test));
    }
}
