namespace SecureAgent.Core;

/// <summary>The agent: one per process, shared by all channels. It knows keys, sessions and policy, and neither a
/// channel nor a device.</summary>
public sealed class SshAgent : IDisposable
{
    private readonly IReadOnlyList<IKeyBackend> _backends;
    private readonly IAgentLog _log;
    private readonly ISecretMemory _memory;
    private readonly TimeProvider _time;
    private PastRefusal? _lastRefusal;
    private int _sessions;
    private long _signatures;
    private long _refusals;

    /// <summary>Creates the agent.</summary>
    /// <param name="backends">Where keys live, in the order to list them; not disposed here.</param>
    /// <param name="prompter">Asks the person.</param>
    /// <param name="log">Takes every event.</param>
    /// <param name="memory">Where the lock keeps what it derived from the passphrase.</param>
    /// <param name="time">The clock of every delay and deadline.</param>
    /// <param name="options">Everything that may be left out.</param>
    public SshAgent(
        IReadOnlyList<IKeyBackend> backends,
        IPrompter prompter,
        IAgentLog log,
        ISecretMemory memory,
        TimeProvider time,
        AgentOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(backends);
        ArgumentNullException.ThrowIfNull(memory);
        (_backends, _log, _memory, _time, Prompter) = (backends, log, memory, time, prompter);
        Options = options ?? new AgentOptions();
        Lock = new AgentLock(memory, time);
        Identities = new IdentityTable(backends, log);
    }

    /// <summary>What there is to say about the agent now.</summary>
    public AgentStatus Status => new(
        Identities.Current.Identities.Count,
        Volatile.Read(ref _sessions),
        Lock.IsLocked,
        Interlocked.Read(ref _signatures),
        Interlocked.Read(ref _refusals),
        Volatile.Read(ref _lastRefusal)?.Event,
        Volatile.Read(ref _lastRefusal)?.At,
        _memory.Weakness);

    internal AgentOptions Options { get; }

    internal AgentLock Lock { get; }

    internal IdentityTable Identities { get; }

    internal IPrompter Prompter { get; }

    /// <summary>Opens the session of one connection; the channel disposes it when the connection ends.</summary>
    public AgentSession OpenSession(PeerInfo peer)
    {
        ArgumentNullException.ThrowIfNull(peer);
        Interlocked.Increment(ref _sessions);
        return new AgentSession(this, peer);
    }

    /// <summary>Stops listing every key and drops every cached secret, as <c>ssh-add -D</c> does; allowed while the
    /// agent is locked, too.</summary>
    public void RemoveAllKeys()
    {
        int count = Identities.RemoveAll();
        DropSecrets();
        Log(new AgentEvent(AgentEventLevel.Information, "remove",
            $"All {count} identities are not listed any more, and cached secrets are dropped."));
    }

    /// <summary>Stops watching the backends and forgets the lock.</summary>
    public void Dispose()
    {
        Identities.Dispose();
        Lock.Dispose();
    }

    internal void CloseSession() => Interlocked.Decrement(ref _sessions);

    internal void Log(AgentEvent agentEvent) => _log.Write(agentEvent);

    internal void LogSignature(AgentEvent agentEvent)
    {
        Interlocked.Increment(ref _signatures);
        _log.Write(agentEvent);
    }

    internal void LogRefusal(AgentEvent agentEvent)
    {
        Interlocked.Increment(ref _refusals);
        Volatile.Write(ref _lastRefusal, new PastRefusal(agentEvent, _time.GetUtcNow()));
        _log.Write(agentEvent);
    }

    /// <summary>Has every backend forget its PINs; one that cannot does not keep the others from it.</summary>
    internal void DropSecrets()
    {
        foreach (IKeyBackend backend in _backends)
        {
            try
            {
                backend.DropSecrets();
            }
            catch (BackendException exception)
            {
                _log.Write(new AgentEvent(AgentEventLevel.Error, "backend",
                    $"{backend.Name} could not drop its cached secrets: {exception.Message}"));
            }
        }
    }

    private sealed record PastRefusal(AgentEvent Event, DateTimeOffset At);
}
