using System.Security.Cryptography;

namespace SecureAgent.Backends.Tpm;

/// <summary>TPMT_PUBLIC (TPM 2.0 Part 2, 12.2.4): the public area of an RSA, ECC or keyed-hash object.</summary>
internal sealed class TpmPublic
{
    private byte[]? _name;

    /// <summary>RSA, ECC or KEYEDHASH (sealed data).</summary>
    public required TPM_ALG Type { get; init; }

    /// <summary>The hash of the object's Name and policy.</summary>
    public required TPM_ALG NameAlg { get; init; }

    /// <summary>The attributes.</summary>
    public required TPMA_OBJECT Attributes { get; init; }

    /// <summary>The policy digest; empty if there is no policy.</summary>
    public ReadOnlyMemory<byte> AuthPolicy { get; init; }

    /// <summary>Symmetric cipher of a storage key: AES, or NULL for other objects.</summary>
    public TPM_ALG Symmetric { get; init; } = TPM_ALG.NULL;

    /// <summary>Key bits of <see cref="Symmetric"/>.</summary>
    public int SymmetricBits { get; init; }

    /// <summary>Mode of <see cref="Symmetric"/>.</summary>
    public TPM_ALG SymmetricMode { get; init; } = TPM_ALG.NULL;

    /// <summary>The fixed scheme, or NULL if each signature names its own.</summary>
    public TPM_ALG Scheme { get; init; } = TPM_ALG.NULL;

    /// <summary>Hash of <see cref="Scheme"/>.</summary>
    public TPM_ALG SchemeHash { get; init; } = TPM_ALG.NULL;

    /// <summary>Curve of an ECC key.</summary>
    public TPM_ECC_CURVE Curve { get; init; }

    /// <summary>Modulus bits of an RSA key.</summary>
    public int KeyBits { get; init; }

    /// <summary>Public exponent of an RSA key.</summary>
    public uint Exponent { get; init; }

    /// <summary>Modulus of an RSA key, big-endian.</summary>
    public ReadOnlyMemory<byte> Modulus { get; init; }

    /// <summary>X of an ECC key, big-endian, padded to the field.</summary>
    public ReadOnlyMemory<byte> X { get; init; }

    /// <summary>Y of an ECC key, big-endian, padded to the field.</summary>
    public ReadOnlyMemory<byte> Y { get; init; }

    /// <summary>Digest of the sensitive part of a keyed-hash object.</summary>
    public ReadOnlyMemory<byte> Unique { get; init; }

    /// <summary>The TPMT_PUBLIC bytes that this was parsed from.</summary>
    public required ReadOnlyMemory<byte> Bytes { get; init; }

    /// <summary>Whether wrong authValues count against the TPM's dictionary-attack protection, and lockout stops the
    /// key.</summary>
    public bool IsDictionaryAttackProtected => !Attributes.HasFlag(TPMA_OBJECT.noDA);

    /// <summary>The object's Name: nameAlg and the digest of <see cref="Bytes"/> (TPM 2.0 Part 1, 16).</summary>
    public byte[] Name => _name ??= TpmHash.Name(NameAlg, Bytes.Span);

    /// <summary>Parses TPM2B_PUBLIC.</summary>
    /// <exception cref="TpmException">It does not parse, or goes on after its end.</exception>
    public static TpmPublic Parse2B(ReadOnlySpan<byte> tpm2BPublic)
    {
        TpmReader reader = new(tpm2BPublic);
        ReadOnlySpan<byte> content = reader.ReadTpm2B();
        reader.End();
        return Parse(content);
    }

    /// <summary>Parses TPMT_PUBLIC.</summary>
    /// <exception cref="TpmException">It does not parse, or goes on after its end.</exception>
    public static TpmPublic Parse(ReadOnlySpan<byte> tpmtPublic) => TpmPublicParser.Parse(tpmtPublic);

    /// <summary>The ECC public key for .NET; for <see cref="Type"/> ECC only.</summary>
    public ECParameters ToECParameters() => new()
    {
        Curve = Curve switch
        {
            TPM_ECC_CURVE.NIST_P256 => ECCurve.NamedCurves.nistP256,
            TPM_ECC_CURVE.NIST_P384 => ECCurve.NamedCurves.nistP384,
            TPM_ECC_CURVE.NIST_P521 => ECCurve.NamedCurves.nistP521,
            _ => throw new TpmException(
                $"The key is on a curve that SSH does not use (TPM_ECC_CURVE 0x{(ushort)Curve:X4})."),
        },
        Q = new ECPoint { X = X.ToArray(), Y = Y.ToArray() },
    };

    /// <summary>The RSA public key for .NET; for <see cref="Type"/> RSA only.</summary>
    public RSAParameters ToRSAParameters() => new()
    {
        Modulus = Modulus.ToArray(),
        Exponent = [(byte)(Exponent >> 24), (byte)(Exponent >> 16), (byte)(Exponent >> 8), (byte)Exponent],
    };
}
