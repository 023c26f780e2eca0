using System.Security.Cryptography;

namespace SecureAgent.HwSim.Tpm;

/// <summary>The outer wrapper: AES-CFB and an HMAC, both from a seed (Part 1, 22.4 protected storage, 23.3 duplication, 24.4 credentials).</summary>
internal static class OuterWrap
{
    private const int BlockBytes = 16;

    /// <summary>Wraps <paramref name="data"/> for the object named <paramref name="name"/>.</summary>
    /// <param name="protector">Whose nameAlg and symmetric algorithm are used.</param>
    /// <param name="seed">The protector's seedValue, or an exchanged seed.</param>
    /// <param name="name">The Name of the object.</param>
    /// <param name="withIv">A random IV is put in front, as in protected storage.</param>
    /// <param name="data">What to wrap.</param>
    public static byte[] Wrap(TpmPublic protector, byte[] seed, byte[] name, bool withIv, byte[] data)
    {
        byte[] iv = withIv ? TpmState.Random(BlockBytes) : new byte[BlockBytes];
        byte[] encrypted = AesCfb.Encrypt(SymmetricKey(protector, seed, name), iv, data);
        byte[] covered = withIv ? Bytes.Concat(Bytes.UInt16(BlockBytes), iv, encrypted) : encrypted;
        return new TpmWriter().Sized(Integrity(protector, seed, name, covered)).Bytes(covered).ToArray();
    }

    /// <summary>Checks and unwraps what <see cref="Wrap"/> made.</summary>
    /// <exception cref="TpmError">TPM_RC_INTEGRITY, TPM_RC_SIZE or TPM_RC_INSUFFICIENT, without a parameter number.</exception>
    public static byte[] Unwrap(TpmPublic protector, byte[] seed, byte[] name, bool withIv, byte[] wrapped)
    {
        TpmReader reader = new(wrapped);
        byte[] integrity = reader.Sized(Hash.MaxSize);
        byte[] covered = reader.Rest();
        if (!CryptographicOperations.FixedTimeEquals(integrity, Integrity(protector, seed, name, covered)))
        {
            throw TPM_RC_INTEGRITY.Error();
        }

        TpmReader inside = new(covered);
        byte[] iv = withIv ? inside.Sized(BlockBytes) : new byte[BlockBytes];
        return iv.Length == BlockBytes
            ? AesCfb.Decrypt(SymmetricKey(protector, seed, name), iv, inside.Rest())
            : throw TPM_RC_SIZE.Error();
    }

    private static byte[] SymmetricKey(TpmPublic protector, byte[] seed, byte[] name) =>
        Kdf.Kdfa(protector.NameAlg, seed, "STORAGE", name, [], protector.Symmetric.KeyBits);

    private static byte[] Integrity(TpmPublic protector, byte[] seed, byte[] name, byte[] covered)
    {
        TPM_ALG_ID hash = protector.NameAlg;
        byte[] key = Kdf.Kdfa(hash, seed, "INTEGRITY", [], [], Hash.Size(hash) * 8);
        return Hash.Hmac(hash, key, covered, name);
    }
}
