namespace SecureAgent.HwSim.Tpm;

/// <summary>Encrypts and decrypts the first parameter of a command or response in place (Part 1, 21).</summary>
internal static class ParameterEncryption
{
    private const int BlockBits = 128;

    /// <summary>Encrypts <paramref name="data"/> under a key derived from <paramref name="key"/> and the nonces.</summary>
    public static void Encrypt(TpmSession session, byte[] key, byte[] nonceNewer, byte[] nonceOlder, Span<byte> data) =>
        Apply(session, key, nonceNewer, nonceOlder, data, AesCfb.Encrypt);

    /// <summary>Decrypts <paramref name="data"/>.</summary>
    public static void Decrypt(TpmSession session, byte[] key, byte[] nonceNewer, byte[] nonceOlder, Span<byte> data) =>
        Apply(session, key, nonceNewer, nonceOlder, data, AesCfb.Decrypt);

    private static void Apply(
        TpmSession session, byte[] key, byte[] nonceNewer, byte[] nonceOlder, Span<byte> data,
        Func<byte[], byte[], byte[], byte[]> cipher)
    {
        if (session.Symmetric.Algorithm == TPM_ALG_XOR)
        {
            byte[] mask = Kdf.Kdfa(session.AuthHash, key, "XOR", nonceNewer, nonceOlder, data.Length * 8);
            for (int i = 0; i < data.Length; i++)
            {
                data[i] ^= mask[i];
            }

            return;
        }

        int keyBits = session.Symmetric.KeyBits;
        byte[] derived = Kdf.Kdfa(session.AuthHash, key, "CFB", nonceNewer, nonceOlder, keyBits + BlockBits);
        cipher(derived[..(keyBits / 8)], derived[(keyBits / 8)..], data.ToArray()).CopyTo(data);
    }
}
