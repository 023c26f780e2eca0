using SecureAgent.Core;
using SecureAgent.Wire;

namespace SecureAgent.Backends.Software;

/// <summary>The private half of a key as it is shielded: an Ed25519 seed, an ECDSA scalar as long as the field,
/// <see cref="RsaPrivateNumbers"/>, or the seeds of ML-DSA-44 and Ed25519. Only keys whose numbers can be computed with pass.</summary>
internal static class PrivateKeyEncoding
{
    /// <summary>Checks and encodes.</summary>
    /// <returns>The encoding; the caller disposes it.</returns>
    /// <exception cref="BackendException">The key cannot be used; the message says why.</exception>
    public static Secret Encode(PrivateKey key, ISecretMemory memory)
    {
        switch (key)
        {
            case RsaPrivateKey rsa:
                return RsaPrivateNumbers.Encode(rsa, memory);

            case EcdsaPrivateKey ecdsa when EcdsaScalar.IsInRange(ecdsa.Key.Curve, ecdsa.D):
                return Copy(ecdsa.D, memory);

            case EcdsaPrivateKey:
                throw Mismatch(key.PublicKey);

            case Ed25519PrivateKey ed25519:
                return Copy(ed25519.Seed, memory);

            case MlDsa44Ed25519PrivateKey composite when MlDsa44Ed25519.IsSupported:
                return Copy(composite.Seeds, memory);

            case MlDsa44Ed25519PrivateKey:
                throw new BackendException($"The key {key.PublicKey} cannot be used: this system's cryptography has no "
                    + "ML-DSA (OpenSSL has it since 3.5). RSA, ECDSA and Ed25519 keys work.");

            default:
                throw new BackendException($"The key {key.PublicKey} cannot be used: signing with keys of its type is "
                    + "not supported. RSA, ECDSA and Ed25519 keys work.");
        }
    }

    /// <summary>What to throw for a key whose halves do not belong together.</summary>
    public static BackendException Mismatch(PublicKey key) => new(
        $"The private half of {key} does not belong to its public half. The key file is damaged or was put together "
        + "from two keys; restore it from a backup.");

    private static Secret Copy(ReadOnlySpan<byte> bytes, ISecretMemory memory)
    {
        Secret copy = memory.Allocate(bytes.Length);
        bytes.CopyTo(copy.Span);
        return copy;
    }
}
