using SecureAgent.Backends.Pins;
using SecureAgent.Core;

namespace SecureAgent.Backends.Tpm;

/// <summary>The keys of a <see cref="TpmKeyDirectory"/> as identities of the agent. Listing them asks no TPM.</summary>
public sealed class TpmKeyBackend : IKeyBackend, IAsyncDisposable
{
    private readonly object _gate = new();
    private readonly TpmKeyDirectory _directory;
    private readonly TpmAccess _access;
    private readonly TpmPinFlow _flow;
    private readonly IAgentLog _log;
    private readonly HashSet<string> _told = new(StringComparer.Ordinal);
    private IReadOnlyList<TpmKeyEntry> _keys = [];
    private IReadOnlyList<Identity> _identities = [];

    /// <summary>Reads the directory and begins to watch it.</summary>
    /// <param name="directory">Where the key files are; disposed with the backend.</param>
    /// <param name="access">The TPM that the keys belong to; disposed with the backend. It is opened by the first
    /// signature.</param>
    /// <param name="prompter">Asked for PINs.</param>
    /// <param name="pinCache">How long a PIN is kept.</param>
    /// <param name="log">Told about unusable files, once each.</param>
    /// <param name="time">The clock of <paramref name="pinCache"/>.</param>
    public TpmKeyBackend(
        TpmKeyDirectory directory, TpmAccess access, IPrompter prompter, PinCachePolicy pinCache, IAgentLog log,
        TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(directory);
        _directory = directory;
        _access = access;
        _log = log;
        _flow = new TpmPinFlow(access, prompter, pinCache, time);
        // Watched before it is read, so that no change falls between.
        _directory.Changed += OnDirectoryChanged;
        _directory.Watch();
        Refresh();
    }

    /// <inheritdoc/>
    public event EventHandler? Changed;

    /// <inheritdoc/>
    public string Name => "tpm";

    /// <inheritdoc/>
    public IReadOnlyList<Identity> Snapshot() => Volatile.Read(ref _identities);

    /// <inheritdoc/>
    public void DropSecrets() => _flow.DropAll();

    /// <summary>Stops watching, zeroes every PIN and closes the TPM.</summary>
    public async ValueTask DisposeAsync()
    {
        _directory.Changed -= OnDirectoryChanged;
        _directory.Dispose();
        _flow.Dispose();
        await _access.DisposeAsync().ConfigureAwait(false);
    }

    private void OnDirectoryChanged(object? sender, EventArgs arguments)
    {
        if (Refresh())
        {
            Changed?.Invoke(this, EventArgs.Empty);
        }
    }

    // Returns whether the list of identities is another one now.
    private bool Refresh()
    {
        lock (_gate)
        {
            IReadOnlyList<TpmKeyEntry> found;
            try
            {
                found = _directory.List();
            }
            catch (BackendException exception)
            {
                // What was read before stays usable: the keys are in memory, and the TPM needs no file.
                Tell(AgentEventLevel.Error, exception.Message);
                return false;
            }

            foreach (TpmKeyEntry key in found)
            {
                TellBroken(key);
            }

            TpmKeyEntry[] usable = [.. found.Where(key => key.Broken is null).Select(Known)];
            if (usable.SequenceEqual(_keys))
            {
                return false;
            }

            foreach (TpmKeyEntry gone in _keys.Where(key => !usable.Any(other => IsSameKey(key, other))))
            {
                _flow.Drop(gone);
            }

            _keys = usable;
            Volatile.Write(ref _identities, [.. usable.SelectMany(Identities)]);
            return true;
        }
    }

    // The entry in use, if the files still say the same: what the TPM has loaded for it stays of use.
    private TpmKeyEntry Known(TpmKeyEntry key) => _keys.FirstOrDefault(known =>
        known.Name == key.Name
        && known.Comment == key.Comment
        && known.NeedsPin == key.NeedsPin
        && known.ParentKey == key.ParentKey
        && known.Pcrs == key.Pcrs
        && Equals(known.Certificate, key.Certificate)
        && IsSameKey(known, key)) ?? key;

    // Usable keys have both halves.
    private static bool IsSameKey(TpmKeyEntry one, TpmKeyEntry other) =>
        one.Blobs!.PublicArea.Span.SequenceEqual(other.Blobs!.PublicArea.Span)
        && one.Blobs.PrivateArea.Span.SequenceEqual(other.Blobs.PrivateArea.Span)
        && one.PublicKey!.Equals(other.PublicKey);

    private IEnumerable<Identity> Identities(TpmKeyEntry key)
    {
        ISigner signer = key.IsSealed ? new SealedEd25519Signer(_flow, key) : new TpmSigner(_flow, key);
        Identity identity = new(key.PublicKey!.Blob, key.PublicKey, key.Comment, Name, signer); // A usable key has one.
        yield return identity;
        if (key.Certificate is not null)
        {
            yield return identity with { Blob = key.Certificate.Blob };
        }
    }

    private void TellBroken(TpmKeyEntry key)
    {
        foreach (string? reason in (ReadOnlySpan<string?>)[key.Broken, key.BrokenCertificate])
        {
            if (reason is not null)
            {
                Tell(AgentEventLevel.Warning, reason);
            }
        }
    }

    private void Tell(AgentEventLevel level, string message)
    {
        if (_told.Add(message))
        {
            _log.Write(new AgentEvent(level, "keys", message));
        }
    }
}
