using System.Security.Cryptography;

namespace SecureAgent.Backends.Tpm;

/// <summary>AES in full-block CFB mode over content of any size (SP 800-38A, 6.3, with a last block that may be short).
/// The mode is built on single blocks, because not every platform's .NET has it, and where it is it takes whole blocks
/// only.</summary>
internal static class TpmCfb
{
    /// <summary>Bytes of a block.</summary>
    public const int BlockBytes = 16;

    /// <summary>Encrypts or decrypts <paramref name="content"/> in place.</summary>
    public static void Transform(ReadOnlySpan<byte> key, ReadOnlySpan<byte> iv, Span<byte> content, bool encrypt)
    {
        byte[] keyBytes = GC.AllocateUninitializedArray<byte>(key.Length, pinned: true);
        Span<byte> previous = stackalloc byte[BlockBytes];
        Span<byte> keyStream = stackalloc byte[BlockBytes];
        try
        {
            key.CopyTo(keyBytes);
            iv.CopyTo(previous);
            using Aes aes = Aes.Create();
            aes.Key = keyBytes;
            for (Span<byte> rest = content; !rest.IsEmpty; rest = rest[Math.Min(BlockBytes, rest.Length)..])
            {
                Span<byte> block = rest[..Math.Min(BlockBytes, rest.Length)];
                aes.EncryptEcb(previous, keyStream, PaddingMode.None);
                if (!encrypt)
                {
                    block.CopyTo(previous);
                }

                for (int i = 0; i < block.Length; i++)
                {
                    block[i] ^= keyStream[i];
                }

                if (encrypt)
                {
                    block.CopyTo(previous);
                }
            }
        }
        finally
        {
            CryptographicOperations.ZeroMemory(keyBytes);
            CryptographicOperations.ZeroMemory(keyStream);
        }
    }
}
