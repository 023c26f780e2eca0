using System.Buffers;
using SecureAgent.Wire;

namespace SecureAgent.Core;

/// <summary>Every identity in one list: those of the backends, then those that clients added. It is rebuilt when
/// something changed, and only then, so that listing copies bytes and does nothing else. A backend that fails keeps its
/// last list.</summary>
internal sealed class IdentityTable : IDisposable
{
    /// <summary>Added keys at once. OpenSSH's clients refuse a list of more than 2048.</summary>
    private const int MaxAdded = 2048;

    private readonly object _gate = new();
    private readonly IReadOnlyList<IKeyBackend> _backends;
    private readonly IAgentLog _log;
    private readonly Func<string, string, KeyPolicy> _policyOf;
    private readonly TimeProvider _lifetimeClock;
    private readonly ITimer _expiry;
    private readonly IReadOnlyList<Identity>[] _listed;

    // What ssh-add removed, by backend: gone until the backend itself stops listing it, so that a key file that is
    // taken away and put back appears again.
    private readonly HashSet<KeyBlob>[] _removed;
    private readonly List<ListedKey> _added = [];
    private volatile View _current;

    public IdentityTable(
        IReadOnlyList<IKeyBackend> backends,
        IAgentLog log,
        Func<string, string, KeyPolicy> policyOf,
        TimeProvider lifetimeClock)
    {
        (_backends, _log, _policyOf, _lifetimeClock) = (backends, log, policyOf, lifetimeClock);
        _listed = new IReadOnlyList<Identity>[backends.Count];
        _removed = new HashSet<KeyBlob>[backends.Count];
        for (int i = 0; i < backends.Count; i++)
        {
            (_listed[i], _removed[i]) = ([], []);
        }

        _expiry = lifetimeClock.CreateTimer(
            _ => RemoveExpired(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);

        // Only now: a backend may change as soon as it is watched, and the list is of all of them.
        _current = new View([], [], [], true, null);
        foreach (IKeyBackend backend in backends)
        {
            backend.Changed += OnChanged;
        }

        Rebuild();
    }

    /// <summary>What is listed now.</summary>
    public View Current
    {
        get
        {
            View view = _current;
            if (view.NextExpiry is { } expiry && _lifetimeClock.GetTimestamp() >= expiry)
            {
                // The timer may be late, as after a suspend; an expired key is never shown or used for that.
                RemoveExpired();
                view = _current;
            }

            return view;
        }
    }

    /// <summary>The identity that <paramref name="blob"/> names. A certificate that is not listed finds its key,
    /// because a client may hold certificates that the agent has never seen.</summary>
    /// <exception cref="WireFormatException">It starts as a certificate and is none.</exception>
    public ListedKey? Find(KeyBlob blob)
    {
        View view = Current;
        if (view.ByBlob.TryGetValue(blob, out ListedKey? key) || !CertificateKeyType.IsCertificate(blob))
        {
            return key;
        }

        return view.ByBlob.GetValueOrDefault(PublicKey.DecodeKeyOrCertificate(blob).Blob);
    }

    /// <summary>Whether <paramref name="key"/> is listed still: it may have been removed, replaced or have expired
    /// while a person or a device took time.</summary>
    public bool Holds(ListedKey key) =>
        Current.ByBlob.TryGetValue(key.Identity.Blob, out ListedKey? listed)
        && (listed == key || (key.Held is null && listed.Held is null && listed.Restrictions == key.Restrictions));

    /// <summary>Lists keys that a client added, each in the place of the one that had its blob.</summary>
    /// <param name="identities">The keys.</param>
    /// <param name="restrictions">What holds for each of them.</param>
    /// <param name="held">What owns the private half, if the agent does.</param>
    /// <param name="provider">Canonical name of the module that brought them, if one did.</param>
    /// <returns>Why not, or <see langword="null"/> if they are listed now.</returns>
    public string? Add(
        IReadOnlyList<Identity> identities, KeyRestrictions restrictions, IHeldKey? held, string? provider)
    {
        long? expiresAt = restrictions.Lifetime is { } lifetime ? Later(lifetime) : null;
        List<IHeldKey> replaced = [];
        lock (_gate)
        {
            if (_added.Count + identities.Count > MaxAdded)
            {
                return $"there are {_added.Count} added keys, and {MaxAdded} is the most; remove some";
            }

            foreach (Identity identity in identities)
            {
                ListedKey key = new(identity, PolicyOf(identity), restrictions)
                {
                    ExpiresAt = expiresAt,
                    Held = held,
                    Provider = provider,
                };
                int place = _added.FindIndex(added => added.Identity.Blob == identity.Blob);
                if (place < 0)
                {
                    _added.Add(key);
                    continue;
                }

                if (_added[place].Held is { } old)
                {
                    replaced.Add(old);
                }

                _added[place] = key;
            }

            Rebuild();
        }

        replaced.ForEach(old => old.Dispose());
        return null;
    }

    /// <summary>Stops listing <paramref name="blob"/>, and zeroes it if the agent holds it.</summary>
    /// <returns>What it was, or <see langword="null"/> if it is not listed.</returns>
    public Identity? Remove(KeyBlob blob)
    {
        ListedKey? key;
        lock (_gate)
        {
            if (!Current.ByBlob.TryGetValue(blob, out key))
            {
                return null;
            }

            Forget([key]);
        }

        key.Held?.Dispose();
        return key.Identity;
    }

    /// <summary>Stops listing <paramref name="key"/>, unless another has taken its place meanwhile.</summary>
    public void Remove(ListedKey key)
    {
        lock (_gate)
        {
            if (!_added.Contains(key))
            {
                return;
            }

            Forget([key]);
        }

        key.Held?.Dispose();
    }

    /// <summary>Stops listing what a module brought.</summary>
    /// <returns>How many keys that were.</returns>
    public int RemoveProvider(string provider)
    {
        lock (_gate)
        {
            int count = _added.RemoveAll(key => key.Provider == provider);
            Rebuild();
            return count;
        }
    }

    /// <summary>Stops listing everything that is listed now, and zeroes what the agent holds.</summary>
    /// <returns>How many that were.</returns>
    public int RemoveAll()
    {
        ListedKey[] added;
        int count;
        lock (_gate)
        {
            count = _current.Keys.Count;
            added = [.. _added];
            _added.Clear();
            for (int i = 0; i < _removed.Length; i++)
            {
                _removed[i].UnionWith(_listed[i].Select(identity => identity.Blob));
            }

            Rebuild();
        }

        Release(added);
        return count;
    }

    public void Dispose()
    {
        foreach (IKeyBackend backend in _backends)
        {
            backend.Changed -= OnChanged;
        }

        _expiry.Dispose();
        ListedKey[] added;
        lock (_gate)
        {
            added = [.. _added];
            _added.Clear();
        }

        Release(added);
    }

    private static void Release(IEnumerable<ListedKey> keys)
    {
        foreach (ListedKey key in keys)
        {
            key.Held?.Dispose();
        }
    }

    private KeyPolicy PolicyOf(Identity identity) => _policyOf(identity.PublicKey.Fingerprint, identity.Comment);

    private void OnChanged(object? sender, EventArgs e) => Rebuild();

    /// <summary>The moment on the clock of lifetimes that is <paramref name="lifetime"/> away.</summary>
    private long Later(TimeSpan lifetime) => _lifetimeClock.GetTimestamp()
        + (long)(lifetime.TotalSeconds * _lifetimeClock.TimestampFrequency);

    /// <summary>Takes keys off the list. A backend may list the same blob; it must not come back unrestricted when the
    /// restricted one ends.</summary>
    private void Forget(IReadOnlyList<ListedKey> keys)
    {
        foreach (ListedKey key in keys)
        {
            _added.Remove(key);
            foreach (HashSet<KeyBlob> removed in _removed)
            {
                removed.Add(key.Identity.Blob);
            }
        }

        Rebuild();
    }

    private void RemoveExpired()
    {
        List<ListedKey> expired;
        lock (_gate)
        {
            long now = _lifetimeClock.GetTimestamp();
            expired = _added.FindAll(key => key.ExpiresAt is { } end && now >= end);
            if (expired.Count > 0)
            {
                Forget(expired);
            }
            else
            {
                Arm();
            }
        }

        foreach (ListedKey key in expired)
        {
            key.Held?.Dispose();
            _log.Write(new AgentEvent(AgentEventLevel.Information, "expire",
                $"{key.Identity.Comment} has reached the end of its lifetime and is removed.")
            {
                Fingerprint = key.Identity.PublicKey.Fingerprint,
            });
        }
    }

    /// <summary>One timer for the next end of a lifetime, and none while no key has one.</summary>
    private void Arm()
    {
        if (_current.NextExpiry is not { } next)
        {
            _expiry.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
            return;
        }

        TimeSpan left = TimeSpan.FromSeconds(
            Math.Max(0, (double)(next - _lifetimeClock.GetTimestamp()) / _lifetimeClock.TimestampFrequency));
        // A timer takes less than 50 days; it looks again then. Rounded up, or it would look a moment too early.
        TimeSpan longest = TimeSpan.FromDays(40);
        _expiry.Change(left < longest ? left + TimeSpan.FromMilliseconds(1) : longest, Timeout.InfiniteTimeSpan);
    }

    private void Rebuild()
    {
        lock (_gate)
        {
            HashSet<KeyBlob> added = [.. _added.Select(key => key.Identity.Blob)];
            List<ListedKey> keys = [];
            Dictionary<KeyBlob, ListedKey> byBlob = [];
            for (int i = 0; i < _backends.Count; i++)
            {
                _listed[i] = Snapshot(i);
                _removed[i].IntersectWith(_listed[i].Select(identity => identity.Blob));
                foreach (Identity identity in _listed[i])
                {
                    if (!_removed[i].Contains(identity.Blob) && !added.Contains(identity.Blob)
                        && !byBlob.ContainsKey(identity.Blob))
                    {
                        ListedKey key = new(identity, PolicyOf(identity), KeyRestrictions.None);
                        byBlob.Add(identity.Blob, key);
                        keys.Add(key);
                    }
                }
            }

            foreach (ListedKey key in _added)
            {
                byBlob.Add(key.Identity.Blob, key);
                keys.Add(key);
            }

            bool isSeenByAll = keys.TrueForAll(key => key.IsSeenByAll);
            _current = new View(keys, byBlob, Encode(keys), isSeenByAll, keys.Min(key => key.ExpiresAt));
            Arm();
        }
    }

    private IReadOnlyList<Identity> Snapshot(int index)
    {
        try
        {
            return _backends[index].Snapshot();
        }
        catch (BackendException exception)
        {
            _log.Write(new AgentEvent(AgentEventLevel.Warning, "backend",
                $"{_backends[index].Name} cannot list its keys, so the last list stays: {exception.Message}"));
            return _listed[index];
        }
    }

    private byte[] Encode(List<ListedKey> keys)
    {
        IdentitiesAnswer answer = new();
        foreach (ListedKey key in keys)
        {
            if (!answer.TryAdd(key.Identity.Blob, key.Identity.Comment))
            {
                _log.Write(new AgentEvent(AgentEventLevel.Warning, "list",
                    $"Only {answer.Count} of {keys.Count} identities fit in a list; the others can be used by name."));
                break;
            }
        }

        ArrayBufferWriter<byte> output = new();
        answer.Write(output);
        return output.WrittenSpan.ToArray();
    }

    /// <summary>One state of the table; never changed.</summary>
    /// <param name="Keys">In the order to list.</param>
    /// <param name="ByBlob">The same by blob.</param>
    /// <param name="ListAnswer">The whole SSH_AGENT_IDENTITIES_ANSWER with all of them.</param>
    /// <param name="IsSeenByAll">Whether every connection gets that answer.</param>
    /// <param name="NextExpiry">When the first of them expires, on the clock of lifetimes.</param>
    internal sealed record View(
        IReadOnlyList<ListedKey> Keys,
        Dictionary<KeyBlob, ListedKey> ByBlob,
        byte[] ListAnswer,
        bool IsSeenByAll,
        long? NextExpiry);
}
