using System.Security.Cryptography;

namespace SecureAgent.HwSim.Tpm;

/// <summary>Sensitive areas outside the TPM: under a parent (TPM2B_PRIVATE), and as duplicates (Part 1, 22 and 23).</summary>
internal static class PrivateArea
{
    /// <summary>The largest content of a TPM2B_PRIVATE.</summary>
    public const int MaxSize = 1024;

    private static readonly byte[] ZeroIv = new byte[16];

    /// <summary>Protects <paramref name="sensitive"/> under <paramref name="parent"/>.</summary>
    public static byte[] Protect(TpmObject parent, TpmPublic publicArea, TpmSensitive sensitive) => OuterWrap.Wrap(
        parent.Public, parent.Sensitive!.SeedValue, publicArea.ComputeName(), withIv: true, Marshal(publicArea, sensitive));

    /// <summary>The sensitive area that <see cref="Protect"/> protected.</summary>
    /// <exception cref="TpmError">Without a parameter number.</exception>
    public static TpmSensitive Unprotect(TpmObject parent, TpmPublic publicArea, byte[] wrapped) => Unmarshal(
        OuterWrap.Unwrap(parent.Public, parent.Sensitive!.SeedValue, publicArea.ComputeName(), withIv: true, wrapped));

    /// <summary>Makes a duplicate.</summary>
    /// <param name="source">The object.</param>
    /// <param name="newParent">Whose outer wrapper is applied; <see langword="null"/> for none.</param>
    /// <param name="seed">The outer wrapper's seed.</param>
    /// <param name="innerKey">The inner wrapper's key; empty for none.</param>
    public static byte[] Duplicate(TpmObject source, TpmPublic? newParent, byte[] seed, byte[] innerKey)
    {
        byte[] data = Marshal(source.Public, source.Sensitive!);
        if (innerKey.Length > 0)
        {
            byte[] integrity = Hash.Digest(source.Public.NameAlg, data, source.Name);
            data = AesCfb.Encrypt(innerKey, ZeroIv, new TpmWriter().Sized(integrity).Bytes(data).ToArray());
        }

        return newParent is null ? data : OuterWrap.Wrap(newParent, seed, source.Name, withIv: false, data);
    }

    /// <summary>Opens what <see cref="Duplicate"/> made.</summary>
    /// <exception cref="TpmError">Without a parameter number.</exception>
    public static TpmSensitive OpenDuplicate(
        TpmObject parent, TpmPublic publicArea, byte[] duplicate, bool hasOuter, byte[] seed, byte[] innerKey)
    {
        byte[] name = publicArea.ComputeName();
        byte[] data = hasOuter ? OuterWrap.Unwrap(parent.Public, seed, name, withIv: false, duplicate) : duplicate;
        if (innerKey.Length > 0)
        {
            TpmReader reader = new(AesCfb.Decrypt(innerKey, ZeroIv, data));
            byte[] integrity = reader.Sized(Hash.MaxSize);
            data = reader.Rest();
            if (!CryptographicOperations.FixedTimeEquals(integrity, Hash.Digest(publicArea.NameAlg, data, name)))
            {
                throw TPM_RC_INTEGRITY.Error();
            }
        }

        return Unmarshal(data);
    }

    // The authValue is padded to the size of a digest of nameAlg, so that the blob does not tell its length.
    private static byte[] Marshal(TpmPublic publicArea, TpmSensitive sensitive)
    {
        byte[] auth = new byte[Math.Max(Hash.Size(publicArea.NameAlg), sensitive.AuthValue.Length)];
        sensitive.AuthValue.CopyTo(auth, 0);
        return new TpmWriter().SizedStructure((sensitive with { AuthValue = auth }).Write).ToArray();
    }

    private static TpmSensitive Unmarshal(byte[] data)
    {
        TpmReader reader = new(data);
        int length = reader.UInt16();
        TpmSensitive sensitive = TpmSensitive.Read(reader);
        return reader.Remaining == 0 && length == data.Length - 2 ? sensitive : throw TPM_RC_SIZE.Error();
    }
}
