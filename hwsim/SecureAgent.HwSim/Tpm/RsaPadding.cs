using System.Security.Cryptography;

namespace SecureAgent.HwSim.Tpm;

/// <summary>PKCS #1 encryption paddings. .NET's OAEP takes no label; a TPM's always has one (Part 1, B.4).</summary>
internal static class RsaPadding
{
    private const int MinimumPs = 8;

    /// <summary>EME-OAEP; <see langword="null"/> if the message is too long.</summary>
    public static byte[]? EncodeOaep(TPM_ALG_ID hash, byte[] label, byte[] message, int size)
    {
        int digest = Hash.Size(hash);
        int zeros = size - message.Length - (2 * digest) - 2;
        if (zeros < 0)
        {
            return null;
        }

        byte[] db = Bytes.Concat(Hash.Digest(hash, label), new byte[zeros], [1], message);
        byte[] seed = RandomNumberGenerator.GetBytes(digest);
        Xor(db, Mgf1(hash, seed, db.Length));
        Xor(seed, Mgf1(hash, db, digest));
        return Bytes.Concat([0], seed, db);
    }

    /// <summary>The message in an EME-OAEP block; <see langword="null"/> if it is not one.</summary>
    public static byte[]? DecodeOaep(TPM_ALG_ID hash, byte[] label, byte[] block)
    {
        int digest = Hash.Size(hash);
        if (block.Length < (2 * digest) + 2 || block[0] != 0)
        {
            return null;
        }

        byte[] seed = block[1..(1 + digest)];
        byte[] db = block[(1 + digest)..];
        Xor(seed, Mgf1(hash, db, digest));
        Xor(db, Mgf1(hash, seed, db.Length));
        int one = Array.FindIndex(db, digest, octet => octet != 0);
        return db.AsSpan(0, digest).SequenceEqual(Hash.Digest(hash, label)) && one >= 0 && db[one] == 1
            ? db[(one + 1)..]
            : null;
    }

    /// <summary>EME-PKCS1-v1_5; <see langword="null"/> if the message is too long.</summary>
    public static byte[]? EncodePkcs1(byte[] message, int size)
    {
        int length = size - message.Length - 3;
        if (length < MinimumPs)
        {
            return null;
        }

        byte[] padding = RandomNumberGenerator.GetBytes(length);
        for (int i = 0; i < padding.Length; i++)
        {
            while (padding[i] == 0)
            {
                padding[i] = RandomNumberGenerator.GetBytes(1)[0];
            }
        }

        return Bytes.Concat([0, 2], padding, [0], message);
    }

    /// <summary>The message in an EME-PKCS1-v1_5 block; <see langword="null"/> if it is not one.</summary>
    public static byte[]? DecodePkcs1(byte[] block)
    {
        int end = block is [0, 2, ..] ? Array.IndexOf(block, (byte)0, 2) : -1;
        return end >= 2 + MinimumPs ? block[(end + 1)..] : null;
    }

    private static byte[] Mgf1(TPM_ALG_ID hash, byte[] seed, int length)
    {
        byte[] mask = new byte[length];
        int size = Hash.Size(hash);
        for (uint counter = 0; counter * size < length; counter++)
        {
            int position = (int)counter * size;
            Hash.Digest(hash, seed, Bytes.UInt32(counter)).AsSpan(0, Math.Min(size, length - position))
                .CopyTo(mask.AsSpan(position));
        }

        return mask;
    }

    private static void Xor(byte[] target, byte[] mask)
    {
        for (int i = 0; i < target.Length; i++)
        {
            target[i] ^= mask[i];
        }
    }
}
