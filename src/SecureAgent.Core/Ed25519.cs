using System.Security.Cryptography;
using Curve = Org.BouncyCastle.Math.EC.Rfc8032.Ed25519;

namespace SecureAgent.Core;

/// <summary>Ed25519 (RFC 8032 section 5.1), which the platform lacks. The only user of Bouncy Castle; the calls made
/// here exist unchanged in Portable.BouncyCastle and in BouncyCastle.Cryptography.</summary>
public static class Ed25519
{
    /// <summary>Size of a seed, which RFC 8032 calls the private key.</summary>
    public const int SeedSizeBytes = 32;

    /// <summary>Size of a public key.</summary>
    public const int PublicKeySizeBytes = 32;

    /// <summary>Size of a signature.</summary>
    public const int SignatureSizeBytes = 64;

    /// <summary>The public key of <paramref name="seed"/>.</summary>
    /// <returns>32 bytes; the caller owns the array.</returns>
    public static byte[] PublicKeyOf(ReadOnlySpan<byte> seed)
    {
        byte[] secret = Pinned(seed);
        try
        {
            byte[] publicKey = new byte[PublicKeySizeBytes];
            Curve.GeneratePublicKey(secret, 0, publicKey, 0);
            return publicKey;
        }
        finally
        {
            CryptographicOperations.ZeroMemory(secret);
        }
    }

    /// <summary>Signs <paramref name="data"/>.</summary>
    /// <param name="seed">32 bytes; the copy made for the call is pinned and zeroed.</param>
    /// <param name="publicKey">The 32 bytes that belong to <paramref name="seed"/>. A wrong one would leak the seed, so
    /// it must come from <see cref="PublicKeyOf"/> or from beside the seed, never from a client.</param>
    /// <param name="data">The unhashed bytes.</param>
    /// <returns>64 bytes; the caller owns the array.</returns>
    public static byte[] Sign(ReadOnlySpan<byte> seed, ReadOnlySpan<byte> publicKey, ReadOnlySpan<byte> data)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(publicKey.Length, PublicKeySizeBytes);
        byte[] secret = Pinned(seed);
        try
        {
            byte[] message = data.ToArray();
            byte[] signature = new byte[SignatureSizeBytes];
            Curve.Sign(secret, 0, publicKey.ToArray(), 0, message, 0, message.Length, signature, 0);
            return signature;
        }
        finally
        {
            CryptographicOperations.ZeroMemory(secret);
        }
    }

    /// <summary>Whether <paramref name="signature"/> of <paramref name="data"/> is that of
    /// <paramref name="publicKey"/>; a wrong size is a wrong signature.</summary>
    public static bool Verify(ReadOnlySpan<byte> publicKey, ReadOnlySpan<byte> data, ReadOnlySpan<byte> signature)
    {
        if (publicKey.Length != PublicKeySizeBytes || signature.Length != SignatureSizeBytes)
        {
            return false;
        }

        byte[] message = data.ToArray();
        return Curve.Verify(signature.ToArray(), 0, publicKey.ToArray(), 0, message, 0, message.Length);
    }

    private static byte[] Pinned(ReadOnlySpan<byte> seed)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(seed.Length, SeedSizeBytes);
        byte[] copy = GC.AllocateUninitializedArray<byte>(SeedSizeBytes, pinned: true);
        seed.CopyTo(copy);
        return copy;
    }
}
