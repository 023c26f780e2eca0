using System.Security.Cryptography;

namespace SecureAgent.HwSim.Tpm;

/// <summary>AES in the 128-bit CFB mode that a TPM uses throughout; data of any length.</summary>
internal static class AesCfb
{
    private const int BlockBytes = 16;
    private const int FeedbackBits = 128;

    /// <summary>Encrypts.</summary>
    public static byte[] Encrypt(byte[] key, byte[] iv, byte[] data)
    {
        using Aes aes = Aes.Create();
        aes.Key = key;
        return aes.EncryptCfb(PadToBlock(data), iv, PaddingMode.None, FeedbackBits)[..data.Length];
    }

    /// <summary>Decrypts.</summary>
    public static byte[] Decrypt(byte[] key, byte[] iv, byte[] data)
    {
        using Aes aes = Aes.Create();
        aes.Key = key;
        return aes.DecryptCfb(PadToBlock(data), iv, PaddingMode.None, FeedbackBits)[..data.Length];
    }

    // .NET takes whole blocks only; in CFB, octets appended to the end change nothing before them.
    private static byte[] PadToBlock(byte[] data)
    {
        byte[] padded = new byte[(data.Length + BlockBytes - 1) / BlockBytes * BlockBytes];
        data.CopyTo(padded, 0);
        return padded;
    }
}
