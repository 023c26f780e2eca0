using System.Runtime.Versioning;
using SecureAgent.Backends.Memory;
using SecureAgent.Channels.Pageant;
using SecureAgent.Core;
using SecureAgent.Tests.Core;

namespace SecureAgent.Tests.Channels.Pageant;

/// <summary>An agent behind the Pageant window.</summary>
[SupportedOSPlatform("windows")]
internal sealed class ServedPageant : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly CancellationTokenSource _stopping = new();
    private readonly Task _running;

    private ServedPageant(TestKey[] keys)
    {
        TestBackend backend = new("test", [.. keys.Select((key, index) => key.Identity($"key{index}"))]);
        Agent = new SshAgent([backend], new TestPrompter(), Log, new LockedMemory(), TimeProvider.System);
        Channel = new PageantWindowChannel(Log, TimeProvider.System)
        {
            ChangeMessageFilter = (window, message, action) => Filters.Add((window, message, action)),
        };
        _running = Channel.RunAsync(Agent, _stopping.Token);
    }

    public RecordingLog Log { get; } = new();

    public List<(nint Window, uint Message, uint Action)> Filters { get; } = [];

    public SshAgent Agent { get; }

    public PageantWindowChannel Channel { get; }

    public static async Task<ServedPageant> StartAsync(params TestKey[] keys)
    {
        ServedPageant served = new(keys);
        await served.Channel.Listening.WaitAsync(Patience, TestContext.Current.CancellationToken);
        return served;
    }

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await _running.WaitAsync(Patience);
        Agent.Dispose();
        _stopping.Dispose();
    }
}
