using System.Security.Cryptography;

namespace SecureAgent.Backends.Tpm;

/// <summary>AES in full-block CFB mode over content of any size.</summary>
internal static class TpmCfb
{
    /// <summary>Bytes of a block.</summary>
    public const int BlockBytes = 16;

    /// <summary>Encrypts or decrypts <paramref name="content"/> in place.</summary>
    public static void Transform(ReadOnlySpan<byte> key, ReadOnlySpan<byte> iv, Span<byte> content, bool encrypt)
    {
        // .NET takes whole blocks only; in CFB, what pads the last block does not reach the bytes before it.
        int whole = (content.Length + BlockBytes - 1) / BlockBytes * BlockBytes;
        byte[] padded = GC.AllocateArray<byte>(whole, pinned: true);
        byte[] keyBytes = GC.AllocateUninitializedArray<byte>(key.Length, pinned: true);
        try
        {
            key.CopyTo(keyBytes);
            content.CopyTo(padded);
            using Aes aes = Aes.Create();
            aes.Key = keyBytes;
            int written = encrypt
                ? aes.EncryptCfb(padded, iv, padded, PaddingMode.None, feedbackSizeInBits: 8 * BlockBytes)
                : aes.DecryptCfb(padded, iv, padded, PaddingMode.None, feedbackSizeInBits: 8 * BlockBytes);
            padded.AsSpan(0, Math.Min(written, content.Length)).CopyTo(content);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(padded);
            CryptographicOperations.ZeroMemory(keyBytes);
        }
    }
}
