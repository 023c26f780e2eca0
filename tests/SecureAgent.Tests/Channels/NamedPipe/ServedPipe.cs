using System.Runtime.Versioning;
using SecureAgent.Backends.Memory;
using SecureAgent.Channels.NamedPipe;
using SecureAgent.Core;
using SecureAgent.Tests.Core;

namespace SecureAgent.Tests.Channels.NamedPipe;

/// <summary>An agent with one Ed25519 key, <c>key0</c>, on a pipe of its own.</summary>
[SupportedOSPlatform("windows")]
internal sealed class ServedPipe : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly CancellationTokenSource _stopping = new();
    private readonly Task _running;

    private ServedPipe(TestKey? key, Func<RecordingLog, ManualTime, NamedPipeChannel> create)
    {
        Key = key ?? TestKey.Ed25519();
        Agent = new SshAgent([new TestBackend("test", Key.Identity("key0"))], new TestPrompter(), Log,
            new LockedMemory(), TimeProvider.System);
        Channel = create(Log, Time);
        _running = Channel.RunAsync(Agent, _stopping.Token);
    }

    public RecordingLog Log { get; } = new();

    /// <summary>The channel's clock; the self-check waits for it.</summary>
    public ManualTime Time { get; } = new();

    public TestKey Key { get; }

    public SshAgent Agent { get; }

    public NamedPipeChannel Channel { get; }

    public string Name => Channel.Endpoint;

    /// <summary>A name that nobody else has.</summary>
    public static string NewName() => $@"\\.\pipe\secure-agent-test.{Guid.NewGuid():N}";

    public static void RequireWindows() =>
        Assert.SkipUnless(OperatingSystem.IsWindows(), "Named pipes are served on Windows; run the win-x64 tests.");

    public static async Task<ServedPipe> StartAsync(
        TestKey? key = null, Func<RecordingLog, ManualTime, NamedPipeChannel>? create = null)
    {
        RequireWindows();
        ServedPipe served =
            new(key, create ?? ((log, time) => new NamedPipeChannel("test-pipe", NewName(), log, time)));
        await served.Channel.Listening.WaitAsync(Patience, TestContext.Current.CancellationToken);
        return served;
    }

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await _running.WaitAsync(Patience).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        Agent.Dispose();
        _stopping.Dispose();
    }
}
