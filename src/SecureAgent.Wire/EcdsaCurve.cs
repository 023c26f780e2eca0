using System.Security.Cryptography;

namespace SecureAgent.Wire;

/// <summary>One of the three required curves of RFC 5656 section 10.1.</summary>
public sealed class EcdsaCurve
{
    /// <summary>NIST P-256.</summary>
    public static readonly EcdsaCurve NistP256 = new("nistp256", 256, HashAlgorithmName.SHA256);

    /// <summary>NIST P-384.</summary>
    public static readonly EcdsaCurve NistP384 = new("nistp384", 384, HashAlgorithmName.SHA384);

    /// <summary>NIST P-521.</summary>
    public static readonly EcdsaCurve NistP521 = new("nistp521", 521, HashAlgorithmName.SHA512);

    private EcdsaCurve(string name, int sizeBits, HashAlgorithmName hash)
    {
        (Name, SizeBits, Hash) = (name, sizeBits, hash);
    }

    /// <summary>Its name on the wire, such as <c>nistp256</c>.</summary>
    public string Name { get; }

    /// <summary>Its key type, such as <c>ecdsa-sha2-nistp256</c>.</summary>
    public string KeyType => "ecdsa-sha2-" + Name;

    /// <summary>Size of its field and order in bits.</summary>
    public int SizeBits { get; }

    /// <summary>Bytes of one coordinate, of the scalar, and of r and s: 32, 48 or 66.</summary>
    public int FieldBytes => (SizeBits + 7) / 8;

    /// <summary>The hash that RFC 5656 section 6.2.1 pairs with it.</summary>
    public HashAlgorithmName Hash { get; }

    /// <summary>The platform's description of it.</summary>
    public ECCurve Parameters => SizeBits switch
    {
        256 => ECCurve.NamedCurves.nistP256,
        384 => ECCurve.NamedCurves.nistP384,
        _ => ECCurve.NamedCurves.nistP521,
    };

    /// <summary>The curve called <paramref name="name"/> on the wire, or <see langword="null"/>.</summary>
    public static EcdsaCurve? FromName(ReadOnlySpan<byte> name) =>
        name.SequenceEqual("nistp256"u8) ? NistP256
        : name.SequenceEqual("nistp384"u8) ? NistP384
        : name.SequenceEqual("nistp521"u8) ? NistP521
        : null;

    /// <summary>The curve with <paramref name="sizeBits"/> bits, or <see langword="null"/>.</summary>
    public static EcdsaCurve? FromSize(int sizeBits) => sizeBits switch
    {
        256 => NistP256,
        384 => NistP384,
        521 => NistP521,
        _ => null,
    };

    /// <summary>Its name.</summary>
    public override string ToString() => Name;
}
