using System.Security.Cryptography;
using SecureAgent.Wire;

namespace SecureAgent.Core;

/// <summary>The composite of ML-DSA-44 and Ed25519 (draft-ietf-lamps-pq-composite-sigs, MLDSA44-Ed25519-SHA512; OpenSSH
/// 10.5, ssh-mldsa-eddsa.c). Both sign the same representative of the data; a signature is that of ML-DSA-44 (2420
/// bytes), then that of Ed25519 (64 bytes).</summary>
public static class MlDsa44Ed25519
{
    /// <summary>Size of each of the two seeds.</summary>
    public const int SeedSizeBytes = 32;

    /// <summary>Size of a signature.</summary>
    public const int SignatureSizeBytes = MlDsa44SignatureBytes + Ed25519.SignatureSizeBytes;

    /// <summary>Size of its first part (FIPS 204, table 2).</summary>
    public const int MlDsa44SignatureBytes = 2420;

    /// <summary>Whether the platform's cryptography has ML-DSA: OpenSSL 3.5 and later, and recent Windows.</summary>
    public static bool IsSupported => MLDsa.IsSupported;

    /// <summary>The name of the composite, which ML-DSA takes as its context.</summary>
    public static ReadOnlySpan<byte> Label => "COMPSIG-MLDSA44-Ed25519-SHA512"u8;

    /// <summary>What both sign for <paramref name="data"/>: a prefix, the label, an empty context, SHA-512 of the
    /// data.</summary>
    public static byte[] Representative(ReadOnlySpan<byte> data) =>
        [.. "CompositeAlgorithmSignatures2025"u8, .. Label, 0, .. SHA512.HashData(data)];

    /// <summary>Whether both halves of <paramref name="signature"/> are right.</summary>
    /// <param name="key">The public key.</param>
    /// <param name="data">The unhashed bytes.</param>
    /// <param name="signature">Any bytes.</param>
    /// <returns><see langword="false"/> also where ML-DSA is not supported.</returns>
    /// <exception cref="CryptographicException">The platform takes the key for none.</exception>
    public static bool Verify(
        MlDsa44Ed25519PublicKey key, ReadOnlySpan<byte> data, ReadOnlySpan<byte> signature)
    {
        ArgumentNullException.ThrowIfNull(key);
        if (!IsSupported || signature.Length != SignatureSizeBytes)
        {
            return false;
        }

        byte[] representative = Representative(data);
        (ReadOnlyMemory<byte> mlDsaKey, ReadOnlyMemory<byte> ed25519Key) =
            (key.Key[..MlDsa44Ed25519PublicKey.MlDsa44KeyBytes], key.Key[MlDsa44Ed25519PublicKey.MlDsa44KeyBytes..]);
        using MLDsa mlDsa = MLDsa.ImportMLDsaPublicKey(MLDsaAlgorithm.MLDsa44, mlDsaKey.Span);
        return mlDsa.VerifyData(representative, signature[..MlDsa44SignatureBytes], Label)
            && Ed25519.Verify(ed25519Key.Span, representative, signature[MlDsa44SignatureBytes..]);
    }
}
