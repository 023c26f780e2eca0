using SecureAgent.Backends.Memory;
using SecureAgent.Channels.Cygwin;
using SecureAgent.Core;
using SecureAgent.Tests.Channels.UnixSocket;
using SecureAgent.Tests.Channels.Windows;
using SecureAgent.Tests.Core;

namespace SecureAgent.Tests.Channels.Cygwin;

/// <summary>An agent with one key on a Cygwin socket of its own. On Windows the system is asked who the clients are;
/// elsewhere <see cref="Peers"/> says.</summary>
internal sealed class ServedCygwin : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly CancellationTokenSource _stopping = new();
    private readonly TemporaryDirectory _directory = new();
    private readonly Task _running;

    private ServedCygwin(bool asksWindows)
    {
        TestBackend backend = new("test", TestKey.Ed25519().Identity("key0"));
        Agent = new SshAgent([backend], new TestPrompter(), Log, new LockedMemory(), TimeProvider.System);
        string path = Path.Combine(_directory.Path, "new", "agent.cygwin");
        Channel = asksWindows
            ? new CygwinChannel(path, Log, TimeProvider.System)
            : new CygwinChannel(path, Peers, Log, TimeProvider.System);
        _running = Channel.RunAsync(Agent, _stopping.Token);
    }

    public TestTcpPeers Peers { get; } = new();

    public RecordingLog Log { get; } = new();

    public SshAgent Agent { get; }

    public CygwinChannel Channel { get; }

    public string Socket => Channel.Endpoint;

    public static async Task<ServedCygwin> StartAsync(bool asksWindows = false)
    {
        ServedCygwin served = new(asksWindows);
        await served.Channel.Listening.WaitAsync(Patience, TestContext.Current.CancellationToken);
        return served;
    }

    /// <summary>Another agent's channel on the same file.</summary>
    public CygwinChannel Second() => new(Socket, Peers, Log, TimeProvider.System);

    /// <summary>Waits for a refusal of a client in the log.</summary>
    public AgentEvent Refused()
    {
        AgentEvent? refused = null;
        Assert.True(SpinWait.SpinUntil(
            () => (refused = Log.Events.FirstOrDefault(logged => logged.Kind == "peer")) is not null, Patience));
        return refused!;
    }

    /// <summary>Stops serving; the second call does nothing.</summary>
    public async Task StopAsync()
    {
        await _stopping.CancelAsync();
        await _running.WaitAsync(Patience, TestContext.Current.CancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await _running.WaitAsync(Patience);
        Agent.Dispose();
        _directory.Dispose();
        _stopping.Dispose();
    }
}
