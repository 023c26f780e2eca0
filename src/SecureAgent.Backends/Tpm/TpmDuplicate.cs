using System.Security.Cryptography;

namespace SecureAgent.Backends.Tpm;

/// <summary>A private key wrapped to a storage key as TPM2_Duplicate would wrap it (outer wrapper only): what
/// TPM2_Import takes in (TPM 2.0 Part 1, 23.3).</summary>
/// <param name="Content">The content of TPM2B_PRIVATE: TPM2B integrity, encrypted TPM2B_SENSITIVE.</param>
/// <param name="InSymSeed">The content of TPM2B_ENCRYPTED_SECRET.</param>
internal sealed record TpmDuplicate(byte[] Content, byte[] InSymSeed)
{
    /// <summary>Wraps a private key.</summary>
    /// <param name="parent">The storage key's public area.</param>
    /// <param name="publicArea">TPMT_PUBLIC of the key to wrap; its nameAlg is SHA-256.</param>
    /// <param name="authValue">Its PIN, or empty.</param>
    /// <param name="sensitive">RSA: one prime. ECC: the private scalar. Big-endian.</param>
    public static TpmDuplicate Wrap(
        TpmPublic parent, TpmPublic publicArea, ReadOnlySpan<byte> authValue, ReadOnlySpan<byte> sensitive)
    {
        if (parent.Symmetric != TPM_ALG.AES || parent.SymmetricMode != TPM_ALG.CFB
            || parent.SymmetricBits is not (128 or 256))
        {
            throw new TpmException("The parent protects its keys with a cipher that is not AES in CFB mode.");
        }

        int digestBytes = TpmHash.SizeBytes(parent.NameAlg);
        byte[] seed = GC.AllocateUninitializedArray<byte>(digestBytes, pinned: true);
        int wrappedBytes = 2 + digestBytes + 2 + 2 + 2 + authValue.Length + 2 + 2 + sensitive.Length;
        byte[] wrapped = GC.AllocateArray<byte>(wrappedBytes, pinned: true);
        Span<byte> symmetricKey = stackalloc byte[parent.SymmetricBits / 8];
        Span<byte> integrityKey = stackalloc byte[digestBytes];
        Span<byte> iv = stackalloc byte[TpmCfb.BlockBytes];
        iv.Clear();
        try
        {
            byte[] inSymSeed = TpmSecretSharing.Share(parent, "DUPLICATE"u8, seed);
            byte[] name = publicArea.Name;

            // TPMT_SENSITIVE (Part 2, 12.3.2.4): type, TPM2B_AUTH authValue, TPM2B_DIGEST seedValue, TPM2B sensitive
            TpmWriter writer = new(wrapped);
            writer.WriteUInt16((ushort)digestBytes);
            Span<byte> integrity = writer.Take(digestBytes);
            int start = writer.BeginTpm2B();
            writer.WriteAlg(publicArea.Type);
            writer.WriteTpm2B(authValue);
            writer.WriteTpm2B([]);
            writer.WriteTpm2B(sensitive);
            writer.EndTpm2B(start);
            Span<byte> encrypted = writer.Written[(start - 2)..];

            // Part 1, 22.4 and 22.5: symKey = KDFa(nameAlg, seed, "STORAGE", name, –, bits); the HMAC covers
            // encSensitive ‖ name, with HMACkey = KDFa(nameAlg, seed, "INTEGRITY", –, –, bits).
            TpmKdf.KDFa(parent.NameAlg, seed, "STORAGE"u8, name, [], symmetricKey);
            TpmCfb.Transform(symmetricKey, iv, encrypted, encrypt: true);
            TpmKdf.KDFa(parent.NameAlg, seed, "INTEGRITY"u8, [], [], integrityKey);
            CryptographicOperations.HmacData(
                TpmHash.Name(parent.NameAlg), integrityKey, [.. encrypted, .. name], integrity);
            return new TpmDuplicate(writer.Written.ToArray(), inSymSeed);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(seed);
            CryptographicOperations.ZeroMemory(wrapped);
            CryptographicOperations.ZeroMemory(symmetricKey);
            CryptographicOperations.ZeroMemory(integrityKey);
        }
    }
}
