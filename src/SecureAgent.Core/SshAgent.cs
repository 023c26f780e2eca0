using System.Security.Cryptography;
using SecureAgent.Wire;

namespace SecureAgent.Core;

/// <summary>The agent: one per process, shared by all channels. It knows keys, sessions and policy, and neither a
/// channel nor a device.</summary>
public sealed class SshAgent : IAgent, IDisposable
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
        Identities = new IdentityTable(backends, log, Options.PolicyOf, Options.LifetimeClock);
        Upstreams = [.. Options.Upstreams.Select(upstream => (upstream, new UpstreamState(upstream.Name, log)))];
        Consent = new Consent(prompter, time, Options.ConsentGrant, Options.ConsentCoolDown);
    }

    /// <summary>What there is to say about the agent now.</summary>
    public AgentStatus Status => new(
        Identities.Current.Keys.Count,
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

    internal Consent Consent { get; }

    /// <summary>The other agents.</summary>
    internal IReadOnlyList<(Upstream Upstream, UpstreamState State)> Upstreams { get; }

    /// <summary>The clock of every delay and deadline.</summary>
    internal TimeProvider Time => _time;

    /// <summary>The time of day.</summary>
    internal DateTimeOffset Now => _time.GetUtcNow();

    /// <summary>Opens the session of one connection; the channel disposes it when the connection ends.</summary>
    public AgentSession OpenSession(PeerInfo peer)
    {
        ArgumentNullException.ThrowIfNull(peer);
        Interlocked.Increment(ref _sessions);
        return new AgentSession(this, peer);
    }

    /// <inheritdoc/>
    IAgentSession IAgent.OpenSession(PeerInfo peer) => OpenSession(peer);

    /// <summary>Stops watching the backends and forgets the lock.</summary>
    public void Dispose()
    {
        Identities.Dispose();
        Lock.Dispose();
    }

    /// <summary>Stops listing every key, zeroes those that the agent holds, and drops cached secrets, as
    /// SSH_AGENTC_REMOVE_ALL_IDENTITIES does; allowed while the agent is locked, too.</summary>
    /// <returns>How many keys were listed.</returns>
    public int RemoveAllKeys()
    {
        int count = Identities.RemoveAll();
        ForgetSecrets();
        return count;
    }

    /// <summary>Locks the agent as SSH_AGENTC_LOCK does, for somebody who is no client.</summary>
    /// <param name="passphrase">In UTF-8.</param>
    /// <param name="who">Who asked, for the log.</param>
    /// <param name="ct">Cancels the wait for an unlocking that is under way.</param>
    /// <returns>Why not, or <see langword="null"/> if the agent is now locked.</returns>
    public ValueTask<string?> LockAsync(Secret passphrase, PeerInfo who, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(passphrase);
        return ChangeLockAsync("lock", passphrase, who, LockAsync, ct);
    }

    /// <summary>Unlocks the agent as SSH_AGENTC_UNLOCK does, with the same delays after wrong passphrases.</summary>
    /// <param name="passphrase">In UTF-8.</param>
    /// <param name="who">Who asked, for the log.</param>
    /// <param name="ct">Cancels the wait for those delays.</param>
    /// <returns>Why not, or <see langword="null"/> if the agent is now unlocked.</returns>
    public ValueTask<string?> UnlockAsync(Secret passphrase, PeerInfo who, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(passphrase);
        return ChangeLockAsync("unlock", passphrase, who, Lock.UnlockAsync, ct);
    }

    /// <summary>Drops cached PINs, takes back questions for them and confirmations that still hold, and makes usable
    /// private keys unusable until their next use, as locking the agent does. The keys stay listed.</summary>
    public void ForgetSecrets()
    {
        DropSecrets();
        Consent.Forget();
    }

    /// <summary>Locks the agent.</summary>
    /// <returns>Why not, or <see langword="null"/> if the agent is now locked.</returns>
    internal async ValueTask<string?> LockAsync(ReadOnlyMemory<byte> passphrase, CancellationToken ct)
    {
        string? reason = await Lock.LockAsync(passphrase, ct).ConfigureAwait(false);
        if (reason is null)
        {
            ForgetSecrets();
        }

        return reason;
    }

    internal void CloseSession() => Interlocked.Decrement(ref _sessions);

    /// <summary>Whether a security key of <paramref name="application"/> may sign anything.</summary>
    internal bool IsWebSafe(string application) =>
        application.StartsWith("ssh:", StringComparison.Ordinal)
        || Options.WebSafeApplications.Any(pattern => WildcardPattern.Matches(pattern, application));

    /// <summary>Logs and audits a signature that was made.</summary>
    internal void RecordSignature(PeerInfo peer, bool isForwarded, KeyUse use)
    {
        Interlocked.Increment(ref _signatures);
        Record("sign", peer, isForwarded, use, $"{use.KeyName}: {use.Purpose}.");
    }

    /// <summary>Logs and audits something that was done.</summary>
    /// <param name="action">As <see cref="AuditRecord.Action"/>.</param>
    /// <param name="peer">Who asked.</param>
    /// <param name="isForwarded">Whether through a forwarded connection.</param>
    /// <param name="use">The key, if it is about one.</param>
    /// <param name="message">What the log says.</param>
    internal void Record(string action, PeerInfo peer, bool isForwarded, KeyUse? use, string message)
    {
        Audit(action, peer, isForwarded, use, refused: null);
        _log.Write(new AgentEvent(AgentEventLevel.Information, action, message)
        {
            Peer = peer,
            Fingerprint = use?.Fingerprint,
        });
    }

    /// <summary>Logs and audits a refusal.</summary>
    /// <param name="action">As <see cref="AuditRecord.Action"/>.</param>
    /// <param name="peer">Who asked.</param>
    /// <param name="isForwarded">Whether through a forwarded connection.</param>
    /// <param name="refused">Why.</param>
    /// <param name="message">What the log says.</param>
    internal void RecordRefusal(string action, PeerInfo peer, bool isForwarded, Refused refused, string message)
    {
        Interlocked.Increment(ref _refusals);
        AgentEventLevel level = refused.Reason is Refusal.InternalError or Refusal.BadSignature
            ? AgentEventLevel.Error
            : AgentEventLevel.Warning;
        AgentEvent agentEvent = new(level, "refused", message)
        {
            Peer = peer,
            Refusal = refused.Reason,
            Fingerprint = refused.Use?.Fingerprint,
        };
        Volatile.Write(ref _lastRefusal, new PastRefusal(agentEvent, _time.GetUtcNow()));
        Audit(action, peer, isForwarded, refused.Use, refused);
        _log.Write(agentEvent);
    }

    /// <summary>Has every place forget PINs and usable private keys; one that cannot does not keep the others from
    /// it.</summary>
    internal void DropSecrets()
    {
        Options.SoftwareKeys?.Shield();
        Options.Tokens?.DropSecrets();
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

    private async ValueTask<string?> ChangeLockAsync(
        string action,
        Secret passphrase,
        PeerInfo who,
        Func<ReadOnlyMemory<byte>, CancellationToken, ValueTask<string?>> change,
        CancellationToken ct)
    {
        // What derives the key from it wants managed memory, as a client's message is: this is pinned, and zeroed.
        byte[] bytes = GC.AllocateUninitializedArray<byte>(passphrase.Length, pinned: true);
        try
        {
            passphrase.Span.CopyTo(bytes);
            string? reason = await change(bytes, ct).ConfigureAwait(false);
            if (reason is null)
            {
                Record(action, who, isForwarded: false, use: null, $"The agent is {action}ed.");
            }
            else
            {
                Refused refused = new(Refusal.WrongPassphrase, reason);
                RecordRefusal(action, who, isForwarded: false, refused, $"{action} refused: {reason}");
            }

            return reason;
        }
        finally
        {
            CryptographicOperations.ZeroMemory(bytes);
        }
    }

    private void Audit(string action, PeerInfo peer, bool isForwarded, KeyUse? use, Refused? refused) =>
        Options.Audit?.Write(new AuditRecord(action, _time.GetUtcNow(), peer, isForwarded)
        {
            Fingerprint = use?.Fingerprint,
            KeyName = use?.KeyName,
            Purpose = use?.Purpose,
            Destination = use?.Destination,
            PayloadSha256 = use?.PayloadSha256 ?? default,
            Refusal = refused?.Reason,
            Reason = refused?.Message,
        });

    private sealed record PastRefusal(AgentEvent Event, DateTimeOffset At);
}
