using System.Buffers.Binary;
using System.Numerics;
using System.Security.Cryptography;

namespace SecureAgent.Backends.Tpm;

/// <summary>RSAES-OAEP with a label (RFC 8017, 7.1.1), which .NET's RSA does not take. The TPM's label includes its
/// closing zero (TPM 2.0 Part 1, B.4).</summary>
internal static class TpmOaep
{
    /// <summary>Encrypts <paramref name="message"/> to an RSA key with the key's nameAlg as hash.</summary>
    public static byte[] Encrypt(TpmPublic recipient, ReadOnlySpan<byte> label, ReadOnlySpan<byte> message)
    {
        // EM = 00 ‖ maskedSeed ‖ maskedDB;  DB = H(label ‖ 0) ‖ 00… ‖ 01 ‖ message
        int hashBytes = TpmHash.SizeBytes(recipient.NameAlg);
        int modulusBytes = recipient.Modulus.Length;
        byte[] encoded = GC.AllocateArray<byte>(modulusBytes, pinned: true);
        try
        {
            Span<byte> seed = encoded.AsSpan(1, hashBytes);
            Span<byte> block = encoded.AsSpan(1 + hashBytes);
            RandomNumberGenerator.Fill(seed);
            TpmHash.Digest(recipient.NameAlg, [.. label, 0]).CopyTo(block);
            block[^(message.Length + 1)] = 1;
            message.CopyTo(block[^message.Length..]);
            Mask(recipient.NameAlg, seed, block);
            Mask(recipient.NameAlg, block, seed);

            BigInteger modulus = new(recipient.Modulus.Span, isUnsigned: true, isBigEndian: true);
            BigInteger plain = new(encoded, isUnsigned: true, isBigEndian: true);
            byte[] cipher = BigInteger.ModPow(plain, recipient.Exponent, modulus)
                .ToByteArray(isUnsigned: true, isBigEndian: true);
            byte[] padded = new byte[modulusBytes];
            cipher.CopyTo(padded, modulusBytes - cipher.Length);
            return padded;
        }
        finally
        {
            CryptographicOperations.ZeroMemory(encoded);
        }
    }

    // MGF1 (RFC 8017, B.2.1): target ^= H(seed ‖ 0) ‖ H(seed ‖ 1) ‖ …
    private static void Mask(TPM_ALG hash, ReadOnlySpan<byte> seed, Span<byte> target)
    {
        Span<byte> input = stackalloc byte[seed.Length + 4];
        seed.CopyTo(input);
        for (int counter = 0, done = 0; done < target.Length; counter++)
        {
            BinaryPrimitives.WriteInt32BigEndian(input[seed.Length..], counter);
            foreach (byte mask in TpmHash.Digest(hash, input))
            {
                if (done == target.Length)
                {
                    break;
                }

                target[done++] ^= mask;
            }
        }

        CryptographicOperations.ZeroMemory(input);
    }
}
