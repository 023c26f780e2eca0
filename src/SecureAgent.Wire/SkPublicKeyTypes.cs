namespace SecureAgent.Wire;

/// <summary>An ECDSA P-256 key on a FIDO security key: the fields of the plain key, then <c>string application</c>
/// (OpenSSH, PROTOCOL.u2f).</summary>
public sealed record SkEcdsaPublicKey : PublicKey
{
    /// <summary>Its key type.</summary>
    public const string TypeName = "sk-ecdsa-sha2-nistp256@openssh.com";

    /// <summary>Makes the key of an uncompressed P-256 point and its application.</summary>
    /// <exception cref="WireFormatException">The point does not have that form and length.</exception>
    public SkEcdsaPublicKey(ReadOnlyMemory<byte> point, string application) : this(point, application, null)
    {
    }

    internal SkEcdsaPublicKey(ReadOnlyMemory<byte> point, string application, KeyBlob? blob)
        : base(blob ?? Encode(TypeName, output =>
        {
            WireWriter writer = new(output);
            writer.WriteString("nistp256"u8);
            writer.WriteString(point.Span);
            writer.WriteUtf8(application);
        }))
    {
        EcdsaPublicKey.RequirePoint(EcdsaCurve.NistP256, point.Span);
        (Point, Application) = (point, application);
    }

    /// <summary>4, x and y: 65 bytes.</summary>
    public ReadOnlyMemory<byte> Point { get; }

    /// <summary>What the key may be used for: <c>ssh:</c>, or a web origin.</summary>
    public string Application { get; }

    /// <inheritdoc/>
    public override string KeyType => TypeName;

    /// <inheritdoc/>
    public override int SizeBits => 256;

    /// <inheritdoc/>
    public bool Equals(SkEcdsaPublicKey? other) => base.Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => base.GetHashCode();
}

/// <summary>An Ed25519 key on a FIDO security key: the fields of the plain key, then <c>string application</c>
/// (OpenSSH, PROTOCOL.u2f).</summary>
public sealed record SkEd25519PublicKey : PublicKey
{
    /// <summary>Its key type.</summary>
    public const string TypeName = "sk-ssh-ed25519@openssh.com";

    /// <summary>Makes the key of its 32 bytes and its application.</summary>
    /// <exception cref="WireFormatException">They are not 32.</exception>
    public SkEd25519PublicKey(ReadOnlyMemory<byte> key, string application) : this(key, application, null)
    {
    }

    internal SkEd25519PublicKey(ReadOnlyMemory<byte> key, string application, KeyBlob? blob)
        : base(blob ?? Encode(TypeName, output =>
        {
            WireWriter writer = new(output);
            writer.WriteString(key.Span);
            writer.WriteUtf8(application);
        }))
    {
        (Key, Application) = (Ed25519PublicKey.RequireKey(key), application);
    }

    /// <summary>The 32 bytes of RFC 8032.</summary>
    public ReadOnlyMemory<byte> Key { get; }

    /// <summary>What the key may be used for: <c>ssh:</c>, or a web origin.</summary>
    public string Application { get; }

    /// <inheritdoc/>
    public override string KeyType => TypeName;

    /// <inheritdoc/>
    public override int SizeBits => 256;

    /// <inheritdoc/>
    public bool Equals(SkEd25519PublicKey? other) => base.Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => base.GetHashCode();
}
