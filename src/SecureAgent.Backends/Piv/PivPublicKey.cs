using System.Formats.Asn1;
using SecureAgent.Wire;

namespace SecureAgent.Backends.Piv;

/// <summary>Public keys as cards and certificates write them.</summary>
internal static class PivPublicKey
{
    private const string RsaEncryption = "1.2.840.113549.1.1.1";
    private const string EcPublicKey = "1.2.840.10045.2.1";
    private const string P256 = "1.2.840.10045.3.1.7";
    private const string P384 = "1.3.132.0.34";
    private const string Ed25519 = "1.3.101.112";

    /// <summary>Reads the data objects of a generated key or of metadata: <c>86</c> point, or <c>81</c> modulus and
    /// <c>82</c> exponent.</summary>
    /// <returns>The key, or <see langword="null"/> if it is none that SSH uses.</returns>
    /// <exception cref="PivException">They are malformed.</exception>
    public static PublicKey? FromDataObjects(PivAlgorithm algorithm, ReadOnlySpan<byte> content)
    {
        try
        {
            if (TlvReader.TryFind(content, 0x86, out ReadOnlySpan<byte> point))
            {
                return algorithm switch
                {
                    PivAlgorithm.ECC_P256 => new EcdsaPublicKey(EcdsaCurve.NistP256, point.ToArray()),
                    PivAlgorithm.ECC_P384 => new EcdsaPublicKey(EcdsaCurve.NistP384, point.ToArray()),
                    PivAlgorithm.ED25519 => new Ed25519PublicKey(point.ToArray()),
                    _ => null,
                };
            }

            return TlvReader.TryFind(content, 0x81, out ReadOnlySpan<byte> modulus)
                && TlvReader.TryFind(content, 0x82, out ReadOnlySpan<byte> exponent)
                ? new RsaPublicKey(exponent.ToArray(), modulus.ToArray())
                : null;
        }
        catch (WireFormatException exception)
        {
            throw new PivException($"The card's public key is no valid one: {exception.Message}.", exception);
        }
    }

    /// <summary>Reads SubjectPublicKeyInfo (RFC 5280, 4.1).</summary>
    /// <returns>The key, or <see langword="null"/> if it is none that SSH uses.</returns>
    /// <exception cref="AsnContentException">It is malformed.</exception>
    /// <exception cref="WireFormatException">It is no valid key.</exception>
    public static PublicKey? FromSubjectPublicKeyInfo(AsnReader info)
    {
        AsnReader algorithm = info.ReadSequence();
        string oid = algorithm.ReadObjectIdentifier();
        byte[] bits = info.ReadBitString(out _);
        switch (oid)
        {
            case RsaEncryption:
                AsnReader numbers = new AsnReader(bits, AsnEncodingRules.DER).ReadSequence();
                ReadOnlyMemory<byte> modulus = numbers.ReadIntegerBytes();
                return new RsaPublicKey(numbers.ReadIntegerBytes(), modulus);
            case EcPublicKey:
                string curve = algorithm.ReadObjectIdentifier();
                return curve switch
                {
                    P256 => new EcdsaPublicKey(EcdsaCurve.NistP256, bits),
                    P384 => new EcdsaPublicKey(EcdsaCurve.NistP384, bits),
                    _ => null,
                };
            case Ed25519:
                return new Ed25519PublicKey(bits);
            default:
                return null;
        }
    }

    /// <summary>Writes SubjectPublicKeyInfo (RFC 5280, 4.1; RFC 5480; RFC 8410).</summary>
    public static void WriteSubjectPublicKeyInfo(AsnWriter writer, PublicKey key)
    {
        using (writer.PushSequence())
        {
            using (writer.PushSequence())
            {
                switch (key)
                {
                    case RsaPublicKey:
                        writer.WriteObjectIdentifier(RsaEncryption);
                        writer.WriteNull();
                        break;
                    case EcdsaPublicKey ecdsa:
                        writer.WriteObjectIdentifier(EcPublicKey);
                        writer.WriteObjectIdentifier(ecdsa.SizeBits == 256 ? P256 : P384);
                        break;
                    default:
                        writer.WriteObjectIdentifier(Ed25519);
                        break;
                }
            }

            writer.WriteBitString(key switch
            {
                RsaPublicKey rsa => EncodeNumbers(rsa),
                EcdsaPublicKey ecdsa => ecdsa.Point.Span,
                Ed25519PublicKey ed25519 => ed25519.Key.Span,
                _ => throw new ArgumentException("Not a key of a card.", nameof(key)),
            });
        }
    }

    /// <summary>The algorithm with which a card signs for <paramref name="key"/>; <see cref="PivAlgorithm.None"/> if no
    /// card does.</summary>
    public static PivAlgorithm AlgorithmOf(PublicKey key) => key switch
    {
        EcdsaPublicKey { SizeBits: 256 } => PivAlgorithm.ECC_P256,
        EcdsaPublicKey { SizeBits: 384 } => PivAlgorithm.ECC_P384,
        Ed25519PublicKey => PivAlgorithm.ED25519,
        RsaPublicKey { SizeBits: 1024 } => PivAlgorithm.RSA_1024,
        RsaPublicKey { SizeBits: 2048 } => PivAlgorithm.RSA_2048,
        RsaPublicKey { SizeBits: 3072 } => PivAlgorithm.RSA_3072,
        RsaPublicKey { SizeBits: 4096 } => PivAlgorithm.RSA_4096,
        _ => PivAlgorithm.None,
    };

    private static byte[] EncodeNumbers(RsaPublicKey key)
    {
        AsnWriter writer = new(AsnEncodingRules.DER);
        using (writer.PushSequence())
        {
            writer.WriteIntegerUnsigned(key.Modulus.Span);
            writer.WriteIntegerUnsigned(key.Exponent.Span);
        }

        return writer.Encode();
    }
}
