using System.Collections.Concurrent;

namespace SecureAgent.Tests.EndToEnd;

/// <summary>What the tests of one collection share: one sshd, and agents by kind, each started when it is first
/// asked for.
/// Every method ends the test where something that it needs is not installed.</summary>
public sealed class Worlds : IAsyncLifetime
{
    private readonly ConcurrentDictionary<AgentKind, Lazy<Task<AgentWorld>>> _agents = new();
    private readonly ConcurrentDictionary<AgentKind, Lazy<Task<AgentWorld>>> _empty = new();
    private readonly Lazy<Task<SshdServer>> _sshd = new(() => SshdServer.StartAsync());

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        IEnumerable<Lazy<Task<AgentWorld>>> worlds = _agents.Values.Concat(_empty.Values);
        foreach (Lazy<Task<AgentWorld>> world in worlds.Where(world => world.Value.IsCompletedSuccessfully))
        {
            await (await world.Value).DisposeAsync();
        }

        if (_sshd.IsValueCreated && _sshd.Value.IsCompletedSuccessfully)
        {
            await (await _sshd.Value).DisposeAsync();
        }
    }

    /// <summary>The shared agent with one key of each kind; tests do not change it.</summary>
    internal Task<AgentWorld> AgentAsync(AgentKind kind)
    {
        Needs.Agent(kind);
        return _agents.GetOrAdd(kind, key => new Lazy<Task<AgentWorld>>(() => AgentWorld.StartAsync(key))).Value;
    }

    /// <summary>The shared agent without keys; tests remove those that they make.</summary>
    internal Task<AgentWorld> EmptyAgentAsync(AgentKind kind)
    {
        Needs.Agent(kind);
        return _empty.GetOrAdd(kind, key => new Lazy<Task<AgentWorld>>(() => AgentWorld.StartEmptyAsync(key))).Value;
    }

    /// <summary>The shared sshd; each test says anew who may log in.</summary>
    internal Task<SshdServer> SshdAsync()
    {
        Needs.LinuxWith("ssh", "sshd");
        return _sshd.Value;
    }
}
