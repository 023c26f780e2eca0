using System.Runtime.Versioning;
using SecureAgent.Backends.Memory;
using SecureAgent.Channels.UnixSocket;
using SecureAgent.Core;
using SecureAgent.Tests.Core;

namespace SecureAgent.Tests.Channels.UnixSocket;

[SupportedOSPlatform("windows")]
public sealed class WindowsUnixSocketChannelTests : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly TemporaryDirectory _directory = new();
    private readonly RecordingLog _log = new();
    private readonly SshAgent _agent;

    public WindowsUnixSocketChannelTests()
    {
        Requires.Windows("its Unix sockets");
        _agent = new SshAgent(
            [new TestBackend("test")], new TestPrompter(), _log, new LockedMemory(), TimeProvider.System);
    }

    private static CancellationToken Test => TestContext.Current.CancellationToken;

    private string Socket => Path.Combine(_directory.Path, "new", "agent.sock");

    [Fact]
    public async Task Windows_without_Unix_sockets_says_so()
    {
        Assert.SkipWhen(System.Net.Sockets.Socket.OSSupportsUnixDomainSockets, "This Windows has Unix sockets.");
        WindowsUnixSocketChannel channel = new(Socket, _log, TimeProvider.System);
        ChannelException exception =
            await Assert.ThrowsAsync<ChannelException>(() => channel.RunAsync(_agent, Test));
        Assert.Contains("other channels serve on", exception.Message, StringComparison.Ordinal);
        await Assert.ThrowsAsync<ChannelException>(() => channel.Listening.WaitAsync(Patience, Test));
        await Assert.ThrowsAsync<ChannelException>(async () => await new UnixSocketDialer(Socket).ConnectAsync(Test));
    }

    [Fact]
    public async Task Path_that_is_too_long_is_refused_in_words()
    {
        WindowsUnixSocketChannel channel = new(Socket + new string('x', 108), _log, TimeProvider.System);
        ChannelException exception =
            await Assert.ThrowsAsync<ChannelException>(() => channel.RunAsync(_agent, Test));
        Assert.Contains("107 bytes", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Client_is_answered_and_the_name_goes_with_the_channel()
    {
        Assert.SkipUnless(
            System.Net.Sockets.Socket.OSSupportsUnixDomainSockets, "This Windows (or Wine) has no Unix sockets.");
        using CancellationTokenSource stopping = new();
        WindowsUnixSocketChannel channel = new(Socket, _log, TimeProvider.System);
        Task running = channel.RunAsync(_agent, stopping.Token);
        await channel.Listening.WaitAsync(Patience, Test);
        await using (Stream stream = await new UnixSocketDialer(Socket).ConnectAsync(Test))
        {
            await stream.WriteAsync((byte[])[0, 0, 0, 1, 11], Test);
            byte[] answer = new byte[9];
            await stream.ReadExactlyAsync(answer, Test);
            Assert.Equal([0, 0, 0, 5, 12, 0, 0, 0, 0], answer);
        }

        WindowsUnixSocketChannel second = new(Socket, _log, TimeProvider.System);
        await Assert.ThrowsAsync<ChannelException>(() => second.RunAsync(_agent, Test));
        await stopping.CancelAsync();
        await running.WaitAsync(Patience, Test);
        Assert.Empty(Directory.GetFileSystemEntries(Path.GetDirectoryName(Socket)!));
    }

    public void Dispose()
    {
        _agent?.Dispose();
        _directory.Dispose();
    }
}
