using System.Diagnostics;
using System.Net.Sockets;
using System.Runtime.Versioning;
using SecureAgent.Channels.UnixSocket;
using SecureAgent.Core;
using SecureAgent.Tests.Core;
using SecureAgent.Wire;

namespace SecureAgent.Tests.Channels.UnixSocket;

[SupportedOSPlatform("linux")]
public sealed class UnixSocketChannelTests
{
    private const UnixFileMode OwnerReadWrite = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private static readonly TestKey Key = TestKey.Ecdsa(EcdsaCurve.NistP256);

    private static CancellationToken Test => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Socket_is_0600_and_a_directory_that_was_missing_is_0700()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Unix sockets are served on Linux.");
        using TemporaryDirectory root = new();
        string path = Path.Combine(root.Path, "new", "deeper", "agent.sock");
        using UnixSocketListener listener = UnixSocketListener.Open(path);
        Assert.Equal(OwnerReadWrite, File.GetUnixFileMode(path));
        Assert.Equal(OwnerReadWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(Path.GetDirectoryName(path)!));
        Assert.Equal(OwnerReadWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(Path.Combine(root.Path, "new")));
    }

    [Fact]
    public void Root_directory_is_refused_as_a_socket()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Unix sockets are served on Linux.");
        Assert.Throws<ChannelException>(() => UnixSocketListener.Open("/"));
    }

    [Fact]
    public async Task Name_goes_when_the_channel_stops_and_the_path_can_be_served_again()
    {
        await using ServedAgent first = await ServedAgent.StartAsync(Key);
        await first.StopAsync();
        Assert.False(File.Exists(first.Socket));
        using UnixSocketListener second = UnixSocketListener.Open(first.Socket);
        Assert.True(File.Exists(first.Socket));
    }

    [Fact]
    public async Task Name_that_another_agent_has_taken_over_is_left_alone()
    {
        await using ServedAgent first = await ServedAgent.StartAsync(Key);
        File.Delete(first.Socket);
        using UnixSocketListener second = UnixSocketListener.Open(first.Socket);
        await first.StopAsync();
        Assert.True(File.Exists(first.Socket));
        await using Stream stream = await new UnixSocketDialer(first.Socket).ConnectAsync(Test);
    }

    [Fact]
    public void Stale_socket_is_replaced()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Unix sockets are served on Linux.");
        using TemporaryDirectory directory = new();
        string path = Path.Combine(directory.Path, "agent.sock");
        LeaveStaleSocket(path);
        using UnixSocketListener listener = UnixSocketListener.Open(path);
        using Socket client = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        client.Connect(new UnixDomainSocketEndPoint(path));
    }

    [Fact]
    public async Task Socket_that_is_served_is_refused_and_the_server_named()
    {
        await using ServedAgent first = await ServedAgent.StartAsync(Key);
        ChannelException exception = Assert.Throws<ChannelException>(() => UnixSocketListener.Open(first.Socket));
        Assert.Contains($"pid {Environment.ProcessId}", exception.Message, StringComparison.Ordinal);
        Assert.Contains(Path.GetFileName(Environment.ProcessPath!), exception.Message, StringComparison.Ordinal);
        // Still served by the first.
        Assert.Equal(["key0"], await ListAsync(first.Socket));
    }

    [Fact]
    public async Task Channel_that_cannot_listen_says_so_to_everyone_who_waits()
    {
        await using ServedAgent first = await ServedAgent.StartAsync(Key);
        UnixSocketChannel second = new(first.Socket, first.Log, TimeProvider.System);
        await Assert.ThrowsAsync<ChannelException>(() => second.RunAsync(first.Agent, Test));
        await Assert.ThrowsAsync<ChannelException>(() => second.Listening.WaitAsync(Patience, Test));
    }

    [Fact]
    public void Two_agents_that_start_at_once_never_both_win()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Unix sockets are served on Linux.");
        for (int round = 0; round < 50; round++)
        {
            using TemporaryDirectory directory = new();
            string path = Path.Combine(directory.Path, "agent.sock");
            LeaveStaleSocket(path);
            UnixSocketListener?[] opened = new UnixSocketListener?[4];
            Parallel.For(0, opened.Length, i =>
            {
                try
                {
                    opened[i] = UnixSocketListener.Open(path);
                }
                catch (ChannelException)
                {
                    // The losers.
                }
            });
            Assert.Single(opened, listener => listener is not null);
            Array.ForEach(opened, listener => listener?.Dispose());
        }
    }

    [Theory]
    [InlineData(UnixFileMode.GroupWrite)]
    [InlineData(UnixFileMode.OtherWrite)]
    [InlineData(UnixFileMode.OtherWrite | UnixFileMode.StickyBit)]
    public void Directory_that_others_can_write_is_refused(UnixFileMode added)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Unix sockets are served on Linux.");
        using TemporaryDirectory directory = new();
        File.SetUnixFileMode(directory.Path, OwnerReadWrite | UnixFileMode.UserExecute | added);
        ChannelException exception = Assert.Throws<ChannelException>(
            () => UnixSocketListener.Open(Path.Combine(directory.Path, "agent.sock")));
        Assert.Contains("chmod 700", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Directory_of_another_user_is_refused()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Unix sockets are served on Linux.");
        // As root /proc/1 would be one's own; any directory of a plain user will do, and as a plain user root's.
        using TemporaryDirectory directory = new();
        string foreign = "/usr";
        if (Environment.IsPrivilegedProcess)
        {
            foreign = directory.Path;
            Chown(foreign, 65534);
        }

        ChannelException exception = Assert.Throws<ChannelException>(
            () => UnixSocketListener.Open(Path.Combine(foreign, "agent.sock")));
        Assert.Contains("belongs to uid", exception.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("file")]
    [InlineData("directory")]
    [InlineData("link")]
    public void Anything_else_in_the_place_is_refused_and_kept(string kind)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Unix sockets are served on Linux.");
        using TemporaryDirectory directory = new();
        string path = Path.Combine(directory.Path, "agent.sock");
        switch (kind)
        {
            case "file":
                File.WriteAllText(path, "precious");
                break;
            case "directory":
                Directory.CreateDirectory(path);
                break;
            default:
                LeaveStaleSocket(Path.Combine(directory.Path, "target"));
                File.CreateSymbolicLink(path, Path.Combine(directory.Path, "target"));
                break;
        }

        Assert.Throws<ChannelException>(() => UnixSocketListener.Open(path));
        Assert.True(Path.Exists(path));
    }

    [Fact]
    public void Path_that_is_too_long_is_refused_in_words()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Unix sockets are served on Linux.");
        using TemporaryDirectory directory = new();
        string longest = Path.Combine(directory.Path, new string('x', 107 - directory.Path.Length - 1));
        using (UnixSocketListener listener = UnixSocketListener.Open(longest))
        {
            Assert.True(File.Exists(longest));
        }

        ChannelException exception = Assert.Throws<ChannelException>(() => UnixSocketListener.Open(longest + "x"));
        Assert.Contains("107 bytes", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Another_user_is_shown_the_door_even_if_the_file_lets_him_in()
    {
        string setpriv = Requires.Tool("setpriv");
        string sshAdd = Requires.Tool("ssh-add");
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "Only root can become another user.");
        await using ServedAgent served = await ServedAgent.StartAsync(Key);
        Assert.Equal(0, (await served.RunAsync(sshAdd, "-l")).ExitCode);
        File.SetUnixFileMode(served.Directory.Path, (UnixFileMode)0b111_111_111);
        File.SetUnixFileMode(served.Socket, (UnixFileMode)0b111_111_111);
        ToolResult result = await served.RunAsync(
            setpriv, "--reuid=65534", "--regid=65534", "--clear-groups", sshAdd, "-l");
        Assert.NotEqual(0, result.ExitCode);
        Assert.DoesNotContain("key0", result.Output, StringComparison.Ordinal);
        AgentEvent refused = Assert.Single(served.Log.Events, logged => logged.Kind == "peer");
        Assert.Contains("uid 65534", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Peer_is_known_by_user_process_and_ancestors()
    {
        string sshAdd = Requires.Tool("ssh-add");
        TestKey key = TestKey.Ecdsa(EcdsaCurve.NistP256);
        PeerInfo? peer = null;
        IReadOnlyList<PeerProcess> processes = [];
        key.Delay = _ =>
        {
            peer = key.LastContext!.Peer;
            processes = peer.Processes;
            return Task.CompletedTask;
        };
        await using ServedAgent served = await ServedAgent.StartAsync(key);
        string publicKey = Path.Combine(served.Directory.Path, "key.pub");
        await File.WriteAllTextAsync(publicKey, (await served.RunAsync(sshAdd, "-L")).Output, Test);
        Assert.Equal(0, (await served.RunAsync(sshAdd, "-T", publicKey)).ExitCode);
        Assert.Equal("unix", peer!.Channel);
        Assert.NotNull(peer.User);
        Assert.Equal(peer.ProcessId, processes[0].ProcessId);
        Assert.EndsWith("/ssh-add", processes[0].ImagePath, StringComparison.Ordinal);
        Assert.Equal(Environment.ProcessId, processes[1].ProcessId);
        Assert.Equal(Environment.ProcessPath, processes[1].ImagePath);
    }

    [Fact]
    public async Task Thousand_clients_at_once_are_all_answered()
    {
        await using ServedAgent served = await ServedAgent.StartAsync(Key);
        Task<string[]>[] clients =
            [.. Enumerable.Range(0, 1000).Select(_ => Task.Run(() => ListAsync(served.Socket), Test))];
        foreach (Task<string[]> client in clients)
        {
            Assert.Equal(["key0"], await client.WaitAsync(Patience, Test));
        }

        await SettledAsync(served);
    }

    [Fact]
    public async Task Thousands_of_idle_and_trickling_connections_do_not_delay_a_newcomer()
    {
        const int Count = 5000;
        await using ServedAgent served = await ServedAgent.StartAsync(Key);
        List<Stream> idle = [];
        try
        {
            for (int i = 0; i < Count; i++)
            {
                Stream stream = await new UnixSocketDialer(served.Socket).ConnectAsync(Test);
                idle.Add(stream);
                if (i % 2 == 0)
                {
                    await stream.WriteAsync((byte[])[0, 0], Test);
                }
            }

            Assert.True(SpinWait.SpinUntil(() => served.Agent.Status.Sessions == Count, Patience));
            Assert.Equal(["key0"], await ListAsync(served.Socket).WaitAsync(Patience, Test));

            // The fastest of some, so that a busy machine is not taken for a slow agent.
            TimeSpan fastest = TimeSpan.MaxValue;
            for (int i = 0; i < 10; i++)
            {
                Stopwatch watch = Stopwatch.StartNew();
                await ListAsync(served.Socket).WaitAsync(Patience, Test);
                fastest = watch.Elapsed < fastest ? watch.Elapsed : fastest;
            }

            Assert.True(fastest < TimeSpan.FromMilliseconds(200), $"A list took {fastest}.");
        }
        finally
        {
            idle.ForEach(stream => stream.Dispose());
        }

        await SettledAsync(served);
    }

    [Fact]
    public async Task Lists_do_not_wait_for_signatures_that_occupy_the_thread_pool()
    {
        using ManualResetEventSlim signing = new();
        TestKey key = TestKey.Ecdsa(EcdsaCurve.NistP256);
        int begun = 0;
        key.Delay = _ =>
        {
            // Computes without ever giving its thread back, as a large RSA key does.
            Interlocked.Increment(ref begun);
            signing.Wait(Patience, CancellationToken.None);
            return Task.CompletedTask;
        };
        await using ServedAgent served = await ServedAgent.StartAsync(key);
        List<Socket> clients = [];
        try
        {
            byte[] request = SignRequest(key);
            for (int i = 0; i < 64; i++)
            {
                Socket client = Connect(served.Socket);
                clients.Add(client);
                client.Send(request);
            }

            Assert.True(SpinWait.SpinUntil(() => Volatile.Read(ref begun) >= Environment.ProcessorCount, Patience));

            // Not by the pool, which is the one that is occupied.
            using Socket lister = Connect(served.Socket);
            lister.ReceiveTimeout = 10_000; // The pool takes longer to grow by so many threads.
            lister.Send([0, 0, 0, 1, 11]);
            byte[] answer = new byte[5];
            Assert.Equal(answer.Length, lister.Receive(answer));
            Assert.Equal(12, answer[4]);
            Assert.False(signing.IsSet);
        }
        finally
        {
            signing.Set();
            clients.ForEach(client => client.Dispose());
        }

        await SettledAsync(served);
    }

    [Fact]
    public async Task Stopping_ends_open_connections()
    {
        await using ServedAgent served = await ServedAgent.StartAsync(Key);
        await using Stream stream = await new UnixSocketDialer(served.Socket).ConnectAsync(Test);
        await stream.WriteAsync((byte[])[0, 0, 0, 1, 11], Test);
        await stream.ReadExactlyAsync(new byte[4], Test);
        await served.StopAsync();
        Assert.Equal(0, served.Agent.Status.Sessions);
    }

    [Fact]
    public async Task Dialer_says_in_words_that_nobody_is_there()
    {
        using TemporaryDirectory directory = new();
        string path = Path.Combine(directory.Path, "agent.sock");
        ChannelException exception = await Assert.ThrowsAsync<ChannelException>(
            () => new UnixSocketDialer(path).ConnectAsync(Test).AsTask());
        Assert.Contains(path, exception.Message, StringComparison.Ordinal);
        await Assert.ThrowsAsync<ChannelException>(
            () => new UnixSocketDialer(path + new string('x', 200)).ConnectAsync(Test).AsTask());
    }

    private static async Task<string[]> ListAsync(string path)
    {
        await using Stream stream = await new UnixSocketDialer(path).ConnectAsync(Test);
        await stream.WriteAsync((byte[])[0, 0, 0, 1, 11], Test);
        byte[] prefix = new byte[4];
        await stream.ReadExactlyAsync(prefix, Test);
        byte[] body = new byte[System.Buffers.Binary.BinaryPrimitives.ReadInt32BigEndian(prefix)];
        await stream.ReadExactlyAsync(body, Test);
        return [.. AgentResponse.DecodeIdentities(body).Select(identity => identity.Comment)];
    }

    private static Socket Connect(string path)
    {
        Socket socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        socket.Connect(new UnixDomainSocketEndPoint(path));
        return socket;
    }

    private static byte[] SignRequest(TestKey key)
    {
        byte[] blob = key.Identity("key0").Blob.Span.ToArray();
        byte[] body = [13, .. Text(blob), .. Text([1, 2, 3]), 0, 0, 0, 0];
        return Text(body);
    }

    private static byte[] Text(byte[] bytes)
    {
        byte[] text = new byte[sizeof(int) + bytes.Length];
        System.Buffers.Binary.BinaryPrimitives.WriteInt32BigEndian(text, bytes.Length);
        bytes.CopyTo(text, sizeof(int));
        return text;
    }

    private static async Task SettledAsync(ServedAgent served)
    {
        while (served.Agent.Status.Sessions > 0)
        {
            await Task.Delay(10, Test);
        }
    }

    private static void LeaveStaleSocket(string path)
    {
        // Bound under another name, so that closing does not remove this one.
        string bound = path + ".bound";
        using Socket socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        socket.Bind(new UnixDomainSocketEndPoint(bound));
        socket.Listen();
        File.Move(bound, path);
    }

    private static void Chown(string path, int user)
    {
        using System.Diagnostics.Process chown = System.Diagnostics.Process.Start("chown", [$"{user}", path]);
        chown.WaitForExit();
        Assert.Equal(0, chown.ExitCode);
    }
}
