using System.Runtime.Versioning;
using SecureAgent.Backends.Memory;
using SecureAgent.Channels.NamedPipe;
using SecureAgent.Core;
using SecureAgent.Tests.Core;

namespace SecureAgent.Tests.Channels.NamedPipe;

/// <summary>An agent with one Ed25519 key, <c>key0</c>, on a pipe of its own.</summary>
[SupportedOSPlatform("windows")]
internal sealed class ServedPipe : IAgent, IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly CancellationTokenSource _stopping = new();
    private readonly Task _running;

    private int _opened;

    private ServedPipe(TestKey? key, Func<RecordingLog, TimeProvider, NamedPipeChannel> create)
    {
        Clock = new MinuteClock(Time);
        Key = key ?? TestKey.Ed25519();
        Agent = new SshAgent([new TestBackend("test", Key.Identity("key0"))], new TestPrompter(), Log,
            new LockedMemory(), TimeProvider.System);
        Channel = create(Log, Clock);
        _running = Channel.RunAsync(this, _stopping.Token);
    }

    public RecordingLog Log { get; } = new();

    /// <summary>Moves the channel's clock.</summary>
    public ManualTime Time { get; } = new();

    /// <summary>The channel's clock.</summary>
    public MinuteClock Clock { get; }

    /// <summary>How many sessions there have been.</summary>
    public int Opened => Volatile.Read(ref _opened);

    public TestKey Key { get; }

    public SshAgent Agent { get; }

    public NamedPipeChannel Channel { get; }

    public string Name => Channel.Endpoint;

    /// <summary>A name that nobody else has.</summary>
    public static string NewName() => $@"\\.\pipe\secure-agent-test.{Guid.NewGuid():N}";

    public static void RequireWindows() =>
        Requires.Windows("named pipes");

    public static async Task<ServedPipe> StartAsync(
        TestKey? key = null, Func<RecordingLog, TimeProvider, NamedPipeChannel>? create = null)
    {
        RequireWindows();
        ServedPipe served =
            new(key, create ?? ((log, time) => new NamedPipeChannel("test-pipe", NewName(), log, time)));
        await served.Channel.Listening.WaitAsync(Patience, TestContext.Current.CancellationToken);
        return served;
    }

    public IAgentSession OpenSession(PeerInfo peer)
    {
        Interlocked.Increment(ref _opened);
        return Agent.OpenSession(peer);
    }

    /// <summary>Lets a minute pass, and the self-check that is due end.</summary>
    public void CheckAgain()
    {
        Assert.True(SpinWait.SpinUntil(() => Clock.Minutes > 0, Patience));
        int minutes = Clock.Minutes;
        Time.Advance(TimeSpan.FromMinutes(1));
        Assert.True(SpinWait.SpinUntil(() => Clock.Minutes > minutes, Patience));
    }

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await _running.WaitAsync(Patience).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        Agent.Dispose();
        _stopping.Dispose();
    }
}
