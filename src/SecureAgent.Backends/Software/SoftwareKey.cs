using SecureAgent.Core;
using SecureAgent.Wire;

namespace SecureAgent.Backends.Software;

/// <summary>One held key: always shielded, and usable for a while after a signature.</summary>
internal sealed class SoftwareKey : IHeldKey
{
    private readonly UsableKeys _keys;
    private IUsableKey? _usable;
    private long _lastUse;

    /// <summary>Takes over <paramref name="shielded"/>.</summary>
    public SoftwareKey(PublicKey publicKey, ShieldedKey shielded, UsableKeys keys)
    {
        (PublicKey, Shielded, _keys) = (publicKey, shielded, keys);
    }

    /// <summary>The public half.</summary>
    public PublicKey PublicKey { get; }

    /// <summary>The private half at rest.</summary>
    public ShieldedKey Shielded { get; }

    /// <summary>Whether it was disposed; changed only by <see cref="UsableKeys"/>, under its lock.</summary>
    public bool IsDisposed { get; set; }

    /// <summary>The usable form while there is one; changed only by <see cref="UsableKeys"/>, under its lock.</summary>
    public IUsableKey? Usable
    {
        get => Volatile.Read(ref _usable);
        set => Volatile.Write(ref _usable, value);
    }

    /// <summary>When it signed last, as a timestamp of the clock of <see cref="UsableKeys"/>.</summary>
    public long LastUse
    {
        get => Volatile.Read(ref _lastUse);
        set => Volatile.Write(ref _lastUse, value);
    }

    /// <inheritdoc/>
    public ValueTask<byte[]> SignAsync(
        SignatureAlgorithm algorithm, ReadOnlyMemory<byte> data, SignContext who, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(algorithm);
        ct.ThrowIfCancellationRequested();
        if (algorithm != SignatureAlgorithm.For(PublicKey, default) && !(algorithm.IsRsa && PublicKey is RsaPublicKey))
        {
            throw new BackendException($"The key {PublicKey} does not sign with {algorithm.Name}.");
        }

        while (true)
        {
            IUsableKey usable = _keys.Use(this);
            try
            {
                return new ValueTask<byte[]>(usable.Sign(algorithm, data.Span));
            }
            catch (ObjectDisposedException)
            {
                // Dropped between the two lines above: made again, unless the key itself is gone.
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _keys.Forget(this);
}
