namespace SecureAgent.Wire;

/// <summary>A public key or certificate blob, the name by which the protocol speaks of an identity
/// (RFC 9987, "key blob"; RFC 4253 section 6.6). Compared and hashed by content.</summary>
public readonly struct KeyBlob : IEquatable<KeyBlob>
{
    private readonly ReadOnlyMemory<byte> _bytes;

    /// <summary>Wraps <paramref name="bytes"/> without copying: the caller must not change them afterwards.</summary>
    public KeyBlob(ReadOnlyMemory<byte> bytes) => _bytes = bytes;

    /// <summary>The encoded blob: string algorithm name, then the fields of that algorithm.</summary>
    public ReadOnlyMemory<byte> Memory => _bytes;

    /// <summary>The encoded blob.</summary>
    public ReadOnlySpan<byte> Span => _bytes.Span;

    /// <summary>Whether both blobs hold the same bytes.</summary>
    public bool Equals(KeyBlob other) => _bytes.Span.SequenceEqual(other._bytes.Span);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is KeyBlob other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode()
    {
        HashCode hash = default;
        hash.AddBytes(_bytes.Span);
        return hash.ToHashCode();
    }

    /// <summary>Whether both blobs hold the same bytes.</summary>
    public static bool operator ==(KeyBlob left, KeyBlob right) => left.Equals(right);

    /// <summary>Whether the blobs differ.</summary>
    public static bool operator !=(KeyBlob left, KeyBlob right) => !left.Equals(right);
}
