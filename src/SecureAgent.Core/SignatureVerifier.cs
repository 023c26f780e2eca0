using System.Security.Cryptography;
using SecureAgent.Wire;

namespace SecureAgent.Core;

/// <summary>Checks raw signatures: those of host keys in a session-bind, and those of devices before they
/// leave.</summary>
public static class SignatureVerifier
{
    /// <summary>Whether <paramref name="raw"/> is the signature of <paramref name="key"/> over
    /// <paramref name="data"/>.</summary>
    /// <param name="key">The plain key.</param>
    /// <param name="algorithm">How it was made; one that is not the key's is a wrong signature.</param>
    /// <param name="data">The unhashed bytes.</param>
    /// <param name="raw">As <see cref="ISigner.SignAsync"/> returns it; any length.</param>
    /// <returns><see langword="false"/> also for keys that are no points or moduli, and for ML-DSA where the platform
    /// has none.</returns>
    public static bool Verify(
        PublicKey key, SignatureAlgorithm algorithm, ReadOnlySpan<byte> data, ReadOnlySpan<byte> raw)
    {
        ArgumentNullException.ThrowIfNull(algorithm);
        try
        {
            return key switch
            {
                RsaPublicKey rsa when algorithm.IsRsa => VerifyRsa(rsa, algorithm.Hash, data, raw),
                EcdsaPublicKey ecdsa when algorithm == SignatureAlgorithm.ForCurve(ecdsa.Curve) =>
                    VerifyEcdsa(ecdsa, data, raw),
                Ed25519PublicKey ed25519 when algorithm == SignatureAlgorithm.SshEd25519 =>
                    Ed25519.Verify(ed25519.Key.Span, data, raw),
                SkEcdsaPublicKey sk when IsSk(SignatureAlgorithm.SkEcdsaNistp256, algorithm, raw) =>
                    VerifySk(new EcdsaPublicKey(EcdsaCurve.NistP256, sk.Point), sk.Application, data, raw),
                SkEd25519PublicKey sk when IsSk(SignatureAlgorithm.SkEd25519, algorithm, raw) =>
                    VerifySk(new Ed25519PublicKey(sk.Key), sk.Application, data, raw),
                MlDsa44Ed25519PublicKey composite when algorithm == SignatureAlgorithm.MlDsa44Ed25519 =>
                    MlDsa44Ed25519.Verify(composite, data, raw),
                _ => false,
            };
        }
        catch (CryptographicException)
        {
            return false; // The platform takes these bytes for no key.
        }
    }

    private static bool VerifyRsa(
        RsaPublicKey key, HashAlgorithmName? hash, ReadOnlySpan<byte> data, ReadOnlySpan<byte> raw)
    {
        if (hash is not { } hashName || raw.Length != key.Modulus.Length)
        {
            return false;
        }

        using RSA rsa = RSA.Create(
            new RSAParameters { Exponent = key.Exponent.ToArray(), Modulus = key.Modulus.ToArray() });
        return rsa.VerifyData(data, raw, hashName, RSASignaturePadding.Pkcs1);
    }

    private static bool VerifyEcdsa(EcdsaPublicKey key, ReadOnlySpan<byte> data, ReadOnlySpan<byte> raw)
    {
        if (raw.Length != 2 * key.Curve.FieldBytes)
        {
            return false;
        }

        using ECDsa ecdsa = ECDsa.Create(new ECParameters
        {
            Curve = key.Curve.Parameters,
            Q = new ECPoint { X = key.X.ToArray(), Y = key.Y.ToArray() },
        });
        return ecdsa.VerifyData(data, raw, key.Curve.Hash, DSASignatureFormat.IeeeP1363FixedFieldConcatenation);
    }

    private static bool IsSk(SignatureAlgorithm expected, SignatureAlgorithm algorithm, ReadOnlySpan<byte> raw) =>
        algorithm == expected && raw.Length == SkSignature.SizeBytes;

    private static bool VerifySk(
        PublicKey plain, string application, ReadOnlySpan<byte> data, ReadOnlySpan<byte> raw)
    {
        SkSignature signature = new(raw);
        return Verify(
            plain,
            SignatureAlgorithm.For(plain, default),
            signature.SignedBytes(application, data),
            signature.Signature);
    }
}
