using System.Numerics;

namespace SecureAgent.Wire;

/// <summary>An RSA key: <c>string "ssh-rsa", mpint e, mpint n</c> (RFC 4253 section 6.6).</summary>
public sealed record RsaPublicKey : PublicKey
{
    /// <summary>Its key type.</summary>
    public const string TypeName = "ssh-rsa";

    /// <summary>Makes the key of two unsigned big-endian numbers; leading zeros are dropped.</summary>
    /// <exception cref="WireFormatException">Either is zero, or the modulus is too large to be handled.</exception>
    public RsaPublicKey(ReadOnlyMemory<byte> exponent, ReadOnlyMemory<byte> modulus) : this(exponent, modulus, null)
    {
    }

    internal RsaPublicKey(ReadOnlyMemory<byte> exponent, ReadOnlyMemory<byte> modulus, KeyBlob? blob)
        : base(blob ?? Encode(TypeName, output =>
        {
            WireWriter writer = new(output);
            writer.WriteMpint(exponent.Span);
            writer.WriteMpint(modulus.Span);
        }))
    {
        Exponent = exponent.TrimStart((byte)0);
        Modulus = modulus.TrimStart((byte)0);
        // Zero is no modulus and no exponent. Whether other numbers make a good key is not a question of encoding.
        if (Modulus.IsEmpty || SizeBits > WireLimits.MaxRsaModulusBits)
        {
            throw new WireFormatException($"RSA n: zero, or more than {WireLimits.MaxRsaModulusBits} bits");
        }

        if (Exponent.IsEmpty)
        {
            throw new WireFormatException("RSA e: zero");
        }
    }

    /// <summary>Unsigned, big-endian, without leading zeros.</summary>
    public ReadOnlyMemory<byte> Exponent { get; }

    /// <summary>Unsigned, big-endian, without leading zeros; as long as a signature.</summary>
    public ReadOnlyMemory<byte> Modulus { get; }

    /// <inheritdoc/>
    public override string KeyType => TypeName;

    /// <inheritdoc/>
    public override int SizeBits => (Modulus.Length * 8) - BitOperations.LeadingZeroCount((uint)Modulus.Span[0] << 24);

    /// <inheritdoc/>
    public bool Equals(RsaPublicKey? other) => base.Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => base.GetHashCode();
}

/// <summary>An ECDSA key: <c>string "ecdsa-sha2-" curve, string curve, string Q</c> (RFC 5656 section 3.1).</summary>
public sealed record EcdsaPublicKey : PublicKey
{
    /// <summary>Makes the key of an uncompressed point: 4, x, y.</summary>
    /// <exception cref="WireFormatException">The point does not have that form and length.</exception>
    public EcdsaPublicKey(EcdsaCurve curve, ReadOnlyMemory<byte> point) : this(curve, point, null)
    {
    }

    internal EcdsaPublicKey(EcdsaCurve curve, ReadOnlyMemory<byte> point, KeyBlob? blob)
        : base(blob ?? EncodeFields(curve, point))
    {
        RequirePoint(curve, point.Span);
        (Curve, Point) = (curve, point);
    }

    /// <summary>Its curve.</summary>
    public EcdsaCurve Curve { get; }

    /// <summary>4, then x and y of <see cref="EcdsaCurve.FieldBytes"/> each: 65, 97 or 133 bytes.</summary>
    public ReadOnlyMemory<byte> Point { get; }

    /// <summary>The x coordinate, padded to <see cref="EcdsaCurve.FieldBytes"/>.</summary>
    public ReadOnlyMemory<byte> X => Point.Slice(1, Curve.FieldBytes);

    /// <summary>The y coordinate, padded to <see cref="EcdsaCurve.FieldBytes"/>.</summary>
    public ReadOnlyMemory<byte> Y => Point[(1 + Curve.FieldBytes)..];

    /// <inheritdoc/>
    public override string KeyType => Curve.KeyType;

    /// <inheritdoc/>
    public override int SizeBits => Curve.SizeBits;

    /// <inheritdoc/>
    public bool Equals(EcdsaPublicKey? other) => base.Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => base.GetHashCode();

    /// <summary>Checks form and length of a point. That it lies on the curve is checked by the code that computes with
    /// it.</summary>
    /// <exception cref="WireFormatException">It is not uncompressed, or not as long as the curve asks.</exception>
    internal static void RequirePoint(EcdsaCurve curve, ReadOnlySpan<byte> point)
    {
        if (point.Length != 1 + (2 * curve.FieldBytes) || point[0] != 4)
        {
            throw new WireFormatException($"ECDSA point: not an uncompressed point of {curve.Name}");
        }
    }

    private static KeyBlob EncodeFields(EcdsaCurve curve, ReadOnlyMemory<byte> point)
    {
        ArgumentNullException.ThrowIfNull(curve);
        return Encode(curve.KeyType, output =>
        {
            WireWriter writer = new(output);
            writer.WriteUtf8(curve.Name);
            writer.WriteString(point.Span);
        });
    }
}

/// <summary>An Ed25519 key: <c>string "ssh-ed25519", string key</c> (RFC 8709 section 4).</summary>
public sealed record Ed25519PublicKey : PublicKey
{
    /// <summary>Its key type.</summary>
    public const string TypeName = "ssh-ed25519";

    /// <summary>Makes the key of its 32 bytes (RFC 8032 section 5.1.5).</summary>
    /// <exception cref="WireFormatException">They are not 32.</exception>
    public Ed25519PublicKey(ReadOnlyMemory<byte> key) : this(key, null)
    {
    }

    internal Ed25519PublicKey(ReadOnlyMemory<byte> key, KeyBlob? blob)
        : base(blob ?? Encode(TypeName, output => new WireWriter(output).WriteString(key.Span)))
    {
        Key = RequireKey(key);
    }

    /// <summary>The 32 bytes of RFC 8032.</summary>
    public ReadOnlyMemory<byte> Key { get; }

    /// <inheritdoc/>
    public override string KeyType => TypeName;

    /// <inheritdoc/>
    public override int SizeBits => 256;

    /// <inheritdoc/>
    public bool Equals(Ed25519PublicKey? other) => base.Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => base.GetHashCode();

    /// <summary>Checks the length of an Ed25519 public key.</summary>
    /// <exception cref="WireFormatException">It is not 32.</exception>
    internal static ReadOnlyMemory<byte> RequireKey(ReadOnlyMemory<byte> key) =>
        key.Length == 32 ? key : throw new WireFormatException("Ed25519 key: not 32 bytes");
}

/// <summary>A key of the composite of ML-DSA-44 and Ed25519 (draft-miller-sshm-mldsa44-ed25519-composite-sigs;
/// OpenSSH 10.5): <c>string type, string (ML-DSA-44 key ‖ Ed25519 key)</c>.</summary>
public sealed record MlDsa44Ed25519PublicKey : PublicKey
{
    /// <summary>Its key type.</summary>
    public const string TypeName = "ssh-mldsa44-ed25519@openssh.com";

    /// <summary>Bytes of the ML-DSA-44 key (FIPS 204, table 2), which stands first.</summary>
    public const int MlDsa44KeyBytes = 1312;

    /// <summary>Makes the key of its 1312 and 32 bytes.</summary>
    /// <exception cref="WireFormatException">They are not 1344.</exception>
    public MlDsa44Ed25519PublicKey(ReadOnlyMemory<byte> key) : this(key, null)
    {
    }

    internal MlDsa44Ed25519PublicKey(ReadOnlyMemory<byte> key, KeyBlob? blob)
        : base(blob ?? Encode(TypeName, output => new WireWriter(output).WriteString(key.Span)))
    {
        if (key.Length != MlDsa44KeyBytes + 32)
        {
            throw new WireFormatException($"ML-DSA-44 Ed25519 key: not {MlDsa44KeyBytes + 32} bytes");
        }

        Key = key;
    }

    /// <summary>The ML-DSA-44 key, then the Ed25519 key.</summary>
    public ReadOnlyMemory<byte> Key { get; }

    /// <inheritdoc/>
    public override string KeyType => TypeName;

    /// <inheritdoc/>
    public override int SizeBits => 256;

    /// <inheritdoc/>
    public bool Equals(MlDsa44Ed25519PublicKey? other) => base.Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => base.GetHashCode();
}
