using SecureAgent.Backends.Memory;
using SecureAgent.Channels.XAgent;
using SecureAgent.Core;
using SecureAgent.Tests.Channels.Windows;
using SecureAgent.Tests.Core;

namespace SecureAgent.Tests.Channels.XAgent;

/// <summary>An agent with one key on the xagent channel: with the windows of the real one, or a sign that the test can
/// read.</summary>
internal sealed class ServedXAgent : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly CancellationTokenSource _stopping = new();
    private readonly Task _running;

    private ServedXAgent(bool isReal)
    {
        TestBackend backend = new("test", Key.Identity("key0"));
        Agent = new SshAgent([backend], new TestPrompter(), Log, new LockedMemory(), TimeProvider.System);
        Channel = isReal
            ? new XAgentChannel(Log, TimeProvider.System)
            : new XAgentChannel(Peers, () => Sign, Log, TimeProvider.System);
        _running = Channel.RunAsync(Agent, _stopping.Token);
    }

    public TestKey Key { get; } = TestKey.Ed25519();

    public TestTcpPeers Peers { get; } = new();

    public ReadableSign Sign { get; } = new();

    public RecordingLog Log { get; } = new();

    public SshAgent Agent { get; }

    public XAgentChannel Channel { get; }

    public static async Task<ServedXAgent> StartAsync(bool isReal = false)
    {
        ServedXAgent served = new(isReal);
        await served.Channel.Listening.WaitAsync(Patience, TestContext.Current.CancellationToken);
        return served;
    }

    /// <summary>A client that has found the agent and shown the cookie.</summary>
    public XshellClient Connect()
    {
        XshellClient client = new(Sign.Port);
        client.Greet(Sign.Cookie);
        return client;
    }

    /// <summary>Waits for a refusal of a client in the log.</summary>
    public AgentEvent Refused()
    {
        AgentEvent? refused = null;
        Assert.True(SpinWait.SpinUntil(
            () => (refused = Log.Events.FirstOrDefault(logged => logged.Kind == "peer")) is not null, Patience));
        return refused!;
    }

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await _running.WaitAsync(Patience);
        Agent.Dispose();
        _stopping.Dispose();
    }

    /// <summary>Keeps what the windows would tell.</summary>
    internal sealed class ReadableSign : IXAgentSign
    {
        public int Port { get; private set; }

        public string Cookie { get; private set; } = "";

        public bool IsDown { get; private set; }

        public void Show(int port, string cookie) => (Port, Cookie) = (port, cookie);

        public void Dispose() => IsDown = true;
    }
}
