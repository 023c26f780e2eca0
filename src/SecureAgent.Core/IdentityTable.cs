using System.Buffers;
using SecureAgent.Wire;

namespace SecureAgent.Core;

/// <summary>The identities of all backends in one list. It is rebuilt when a backend says that its own has changed, and
/// only then, so that listing copies bytes and does nothing else. A backend that fails keeps its last list.</summary>
internal sealed class IdentityTable : IDisposable
{
    private readonly object _gate = new();
    private readonly IReadOnlyList<IKeyBackend> _backends;
    private readonly IAgentLog _log;
    private readonly IReadOnlyList<Identity>[] _listed;

    // What ssh-add removed, by backend: gone until the backend itself stops listing it, so that a key file that is
    // taken away and put back appears again.
    private readonly HashSet<KeyBlob>[] _removed;
    private volatile View _current;

    public IdentityTable(IReadOnlyList<IKeyBackend> backends, IAgentLog log)
    {
        (_backends, _log) = (backends, log);
        _listed = new IReadOnlyList<Identity>[backends.Count];
        _removed = new HashSet<KeyBlob>[backends.Count];
        for (int i = 0; i < backends.Count; i++)
        {
            (_listed[i], _removed[i]) = ([], []);
        }

        // Only now: a backend may change as soon as it is watched, and the list is of all of them.
        _current = new View([], [], []);
        foreach (IKeyBackend backend in backends)
        {
            backend.Changed += OnChanged;
        }

        Rebuild();
    }

    /// <summary>What is listed now.</summary>
    public View Current => _current;

    /// <summary>The identity that <paramref name="blob"/> names. A certificate that is not listed finds its key,
    /// because a client may hold certificates that the agent has never seen.</summary>
    /// <exception cref="WireFormatException">It starts as a certificate and is none.</exception>
    public Identity? Find(KeyBlob blob)
    {
        View view = _current;
        if (view.ByBlob.TryGetValue(blob, out Identity? identity) || !CertificateKeyType.IsCertificate(blob))
        {
            return identity;
        }

        return view.ByBlob.GetValueOrDefault(PublicKey.DecodeKeyOrCertificate(blob).Blob);
    }

    /// <summary>Stops listing <paramref name="blob"/>.</summary>
    /// <returns>What it was, or <see langword="null"/> if it is not listed.</returns>
    public Identity? Remove(KeyBlob blob)
    {
        lock (_gate)
        {
            if (!_current.ByBlob.TryGetValue(blob, out Identity? identity))
            {
                return null;
            }

            foreach (HashSet<KeyBlob> removed in _removed)
            {
                removed.Add(identity.Blob);
            }

            Rebuild();
            return identity;
        }
    }

    /// <summary>Stops listing everything that is listed now.</summary>
    /// <returns>How many that were.</returns>
    public int RemoveAll()
    {
        lock (_gate)
        {
            int count = _current.Identities.Count;
            for (int i = 0; i < _removed.Length; i++)
            {
                _removed[i].UnionWith(_listed[i].Select(identity => identity.Blob));
            }

            Rebuild();
            return count;
        }
    }

    public void Dispose()
    {
        foreach (IKeyBackend backend in _backends)
        {
            backend.Changed -= OnChanged;
        }
    }

    private void OnChanged(object? sender, EventArgs e) => Rebuild();

    private void Rebuild()
    {
        lock (_gate)
        {
            List<Identity> identities = [];
            Dictionary<KeyBlob, Identity> byBlob = [];
            for (int i = 0; i < _backends.Count; i++)
            {
                _listed[i] = Snapshot(i);
                _removed[i].IntersectWith(_listed[i].Select(identity => identity.Blob));
                foreach (Identity identity in _listed[i])
                {
                    if (!_removed[i].Contains(identity.Blob) && byBlob.TryAdd(identity.Blob, identity))
                    {
                        identities.Add(identity);
                    }
                }
            }

            _current = new View(identities, byBlob, Encode(identities));
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

    private byte[] Encode(List<Identity> identities)
    {
        const int HeaderSizeBytes = 1 + sizeof(uint);
        ArrayBufferWriter<byte> entries = new();
        int count = 0;
        foreach (Identity identity in identities)
        {
            ArrayBufferWriter<byte> entry = new();
            AgentResponse.WriteIdentity(entry, identity.Blob, identity.Comment);
            if (entry.WrittenCount > WireLimits.MaxMessageBytes - HeaderSizeBytes - entries.WrittenCount)
            {
                _log.Write(new AgentEvent(AgentEventLevel.Warning, "list",
                    $"Only {count} of {identities.Count} identities fit in a list; the others can be used by name."));
                break;
            }

            entries.Write(entry.WrittenSpan);
            count++;
        }

        ArrayBufferWriter<byte> answer = new(HeaderSizeBytes + entries.WrittenCount);
        AgentResponse.WriteIdentitiesHeader(answer, count);
        answer.Write(entries.WrittenSpan);
        return answer.WrittenSpan.ToArray();
    }

    /// <summary>One state of the table; never changed.</summary>
    /// <param name="Identities">In the order to list.</param>
    /// <param name="ByBlob">The same by blob.</param>
    /// <param name="ListAnswer">The whole SSH_AGENT_IDENTITIES_ANSWER.</param>
    internal sealed record View(
        IReadOnlyList<Identity> Identities, Dictionary<KeyBlob, Identity> ByBlob, byte[] ListAnswer);
}
