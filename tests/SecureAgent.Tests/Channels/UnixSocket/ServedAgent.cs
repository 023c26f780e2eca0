using SecureAgent.Backends.Memory;
using SecureAgent.Channels.UnixSocket;
using SecureAgent.Core;
using SecureAgent.Tests.Core;

namespace SecureAgent.Tests.Channels.UnixSocket;

/// <summary>An agent on a Unix socket of its own, in a directory that goes with it.</summary>
internal sealed class ServedAgent : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly CancellationTokenSource _stopping = new();
    private readonly Task _running;

    private ServedAgent(IReadOnlyList<IKeyBackend> backends)
    {
        Agent = new SshAgent(backends, Prompter, Log, new LockedMemory(), TimeProvider.System);
        Channel = new UnixSocketChannel(Path.Combine(Directory.Path, "agent.sock"), Log, TimeProvider.System);
        _running = Channel.RunAsync(Agent, _stopping.Token);
    }

    public TemporaryDirectory Directory { get; } = new();

    public RecordingLog Log { get; } = new();

    public TestPrompter Prompter { get; } = new();

    public SshAgent Agent { get; }

    public UnixSocketChannel Channel { get; }

    public string Socket => Channel.Endpoint;

    public static async Task<ServedAgent> StartAsync(params TestKey[] keys) =>
        await StartAsync(new TestBackend("test", [.. keys.Select((key, index) => key.Identity($"key{index}"))]));

    public static async Task<ServedAgent> StartAsync(params IKeyBackend[] backends)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Unix sockets are served on Linux.");
        ServedAgent served = new(backends);
        await served.Channel.Listening.WaitAsync(Patience, TestContext.Current.CancellationToken);
        return served;
    }

    /// <summary>Runs a program with SSH_AUTH_SOCK set, and nothing to ask a person with.</summary>
    public Task<ToolResult> RunAsync(string program, params string[] arguments) =>
        ToolResult.RunAsync(program, arguments, new() { ["SSH_AUTH_SOCK"] = Socket, ["HOME"] = Directory.Path });

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
        Directory.Dispose();
        _stopping.Dispose();
    }
}
