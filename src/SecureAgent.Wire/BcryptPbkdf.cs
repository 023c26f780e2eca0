using System.Buffers.Binary;
using System.Security.Cryptography;

namespace SecureAgent.Wire;

/// <summary>bcrypt_pbkdf of OpenBSD, the key derivation of OpenSSH's private key files: PBKDF2 whose pseudorandom
/// function is bcrypt over SHA-512, and whose output bytes are spread over all blocks.</summary>
internal static class BcryptPbkdf
{
    private const int BlockBytes = 32;
    private const int BcryptIterations = 64;

    /// <summary>Fills <paramref name="key"/>.</summary>
    /// <param name="passphrase">Not empty.</param>
    /// <param name="salt">Not empty.</param>
    /// <param name="rounds">At least 1.</param>
    /// <param name="key">At most 1024 bytes.</param>
    public static void Derive(ReadOnlySpan<byte> passphrase, ReadOnlySpan<byte> salt, int rounds, Span<byte> key)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(rounds);
        int stride = (key.Length + BlockBytes - 1) / BlockBytes;
        Span<byte> hashedPassphrase = stackalloc byte[SHA512.HashSizeInBytes];
        Span<byte> hashedSalt = stackalloc byte[SHA512.HashSizeInBytes];
        Span<byte> block = stackalloc byte[BlockBytes];
        Span<byte> sum = stackalloc byte[BlockBytes];
        byte[] countedSalt = new byte[salt.Length + 4];
        salt.CopyTo(countedSalt);
        try
        {
            SHA512.HashData(passphrase, hashedPassphrase);
            for (int count = 1; count <= stride; count++)
            {
                BinaryPrimitives.WriteInt32BigEndian(countedSalt.AsSpan(salt.Length), count);
                SHA512.HashData(countedSalt, hashedSalt);
                Hash(hashedPassphrase, hashedSalt, block);
                block.CopyTo(sum);
                for (int round = 1; round < rounds; round++)
                {
                    SHA512.HashData(block, hashedSalt);
                    Hash(hashedPassphrase, hashedSalt, block);
                    for (int i = 0; i < BlockBytes; i++)
                    {
                        sum[i] ^= block[i];
                    }
                }

                for (int i = 0; (i * stride) + count - 1 < key.Length; i++)
                {
                    key[(i * stride) + count - 1] = sum[i];
                }
            }
        }
        finally
        {
            CryptographicOperations.ZeroMemory(hashedPassphrase);
            CryptographicOperations.ZeroMemory(hashedSalt);
            CryptographicOperations.ZeroMemory(block);
            CryptographicOperations.ZeroMemory(sum);
        }
    }

    private static void Hash(ReadOnlySpan<byte> passphrase, ReadOnlySpan<byte> salt, Span<byte> output)
    {
        using Blowfish blowfish = new(salt, passphrase);
        for (int i = 0; i < BcryptIterations; i++)
        {
            blowfish.Expand(salt);
            blowfish.Expand(passphrase);
        }

        ReadOnlySpan<byte> text = "OxychromaticBlowfishSwatDynamite"u8;
        for (int i = 0; i < BlockBytes; i += 8)
        {
            uint left = BinaryPrimitives.ReadUInt32BigEndian(text[i..]);
            uint right = BinaryPrimitives.ReadUInt32BigEndian(text[(i + 4)..]);
            for (int j = 0; j < BcryptIterations; j++)
            {
                blowfish.Encrypt(ref left, ref right);
            }

            BinaryPrimitives.WriteUInt32LittleEndian(output[i..], left);
            BinaryPrimitives.WriteUInt32LittleEndian(output[(i + 4)..], right);
        }
    }
}
