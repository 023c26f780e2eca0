using System.Text;

namespace SecureAgent.HwSim.Tpm;

/// <summary>Shares a secret with the holder of an asymmetric decryption key: salts, duplication seeds, credential seeds
/// (Part 1, B.10 for RSA, C.6 for ECC).</summary>
internal static class SecretExchange
{
    /// <summary>A TPM2B_ENCRYPTED_SECRET's largest content.</summary>
    public const int MaxEncryptedSecret = Limits.MaxRsaBytes;

    /// <summary>The label of a session salt.</summary>
    public const string Salt = "SECRET";

    /// <summary>The label of a duplication seed.</summary>
    public const string Duplicate = "DUPLICATE";

    /// <summary>The label of a credential seed.</summary>
    public const string Identity = "IDENTITY";

    /// <summary>A new secret, as long as a digest of the key's nameAlg, and its encryption.</summary>
    /// <exception cref="TpmError">TPM_RC_KEY: the key is not for this.</exception>
    public static (byte[] Secret, byte[] Encrypted) Encrypt(TpmPublic key, string label)
    {
        int size = Hash.Size(key.NameAlg);
        if (key.Type == TPM_ALG_RSA)
        {
            byte[] secret = TpmState.Random(size);
            byte[] block = RsaPadding.EncodeOaep(OaepHash(key), LabelOctets(label), secret, key.Unique.Length)
                ?? throw TPM_RC_KEY.Error();
            return (secret, RsaKeys.PublicOperation(key, block));
        }

        (byte[] ephemeral, EccPoint point) = EccKeys.Generate(key.Curve, KeySource.Random);
        EccPoint shared = EccKeys.SharedPoint(key.Curve, ephemeral, new EccPoint(key.Unique, key.UniqueY))
            ?? throw TPM_RC_KEY.Error();
        TpmWriter writer = new();
        point.Write(writer);
        return (Derive(key, label, shared, point), writer.ToArray());
    }

    /// <summary>The secret that <see cref="Encrypt"/> made, or another implementation of it.</summary>
    /// <exception cref="TpmError">Without a parameter number.</exception>
    public static byte[] Decrypt(TpmObject key, string label, byte[] encrypted)
    {
        TpmPublic publicArea = key.Public;
        if (publicArea.Type == TPM_ALG_RSA)
        {
            if (encrypted.Length != publicArea.Unique.Length)
            {
                throw TPM_RC_SIZE.Error();
            }

            if (Numbers.Read(encrypted) >= Numbers.Read(publicArea.Unique))
            {
                throw TPM_RC_VALUE.Error();
            }

            byte[]? secret = RsaPadding.DecodeOaep(
                OaepHash(publicArea), LabelOctets(label), RsaKeys.PrivateOperation(key, encrypted));
            return secret is not null && secret.Length <= Hash.Size(publicArea.NameAlg)
                ? secret
                : throw TPM_RC_VALUE.Error();
        }

        EccPoint point = EccPoint.Read(new TpmReader(encrypted));
        EccPoint shared = EccKeys.SharedPoint(publicArea.Curve, key.Sensitive!.Value, point)
            ?? throw TPM_RC_ECC_POINT.Error();
        return Derive(publicArea, label, shared, point);
    }

    private static TPM_ALG_ID OaepHash(TpmPublic key) =>
        key.Scheme.Algorithm == TPM_ALG_OAEP ? key.Scheme.Hash : key.NameAlg;

    private static byte[] LabelOctets(string label) => [.. Encoding.ASCII.GetBytes(label), 0];

    private static byte[] Derive(TpmPublic key, string label, EccPoint shared, EccPoint ephemeral)
    {
        int size = EccCurves.Size(key.Curve);
        return Kdf.Kdfe(
            key.NameAlg, shared.X, label, Bytes.LeftPad(ephemeral.X, size), Bytes.LeftPad(key.Unique, size),
            Hash.Size(key.NameAlg) * 8);
    }
}
