using SecureAgent.HwSim.Piv;

namespace SecureAgent.Tests.EndToEnd.Piv;

/// <summary>One token of each firmware for the class, with an agent; each test gets it emptied.</summary>
public sealed class SharedTokens : IAsyncDisposable
{
    private readonly Lazy<Task<PivWorld>> _world = new(() => StartAsync(PivCardOptions.Firmware572));
    private readonly Lazy<Task<PivWorld>> _older = new(() => StartAsync(PivCardOptions.Firmware543));

    private readonly Lazy<Task<SshdServer>> _sshd = new(() => SshdServer.StartAsync());

    public async ValueTask DisposeAsync()
    {
        if (_sshd.IsValueCreated && _sshd.Value.IsCompletedSuccessfully)
        {
            await (await _sshd.Value).DisposeAsync();
        }

        foreach (Lazy<Task<PivWorld>> world in new[] { _world, _older }.Where(
            world => world.IsValueCreated && world.Value.IsCompletedSuccessfully))
        {
            await (await world.Value).DisposeAsync();
        }
    }

    /// <summary>The shared sshd; each test says anew who may log in.</summary>
    internal Task<SshdServer> SshdAsync()
    {
        Needs.LinuxWith("ssh", "sshd");
        return _sshd.Value;
    }

    internal Task<PivWorld> AnyCardAsync() => _world.Value;

    internal Task<PivWorld> NewCardAsync() => EmptiedAsync(_world);

    internal Task<PivWorld> NewOlderCardAsync() => EmptiedAsync(_older);

    private static async Task<PivWorld> EmptiedAsync(Lazy<Task<PivWorld>> started)
    {
        PivWorld world = await started.Value;
        await world.EmptyAsync();
        return world;
    }

    private static async Task<PivWorld> StartAsync(Version firmware)
    {
        PivWorld world = await PivWorld.StartAsync(new PivCardOptions { Firmware = firmware });
        await world.StartAgentAsync();
        return world;
    }
}
