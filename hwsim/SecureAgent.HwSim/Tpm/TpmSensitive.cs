namespace SecureAgent.HwSim.Tpm;

/// <summary>A TPMT_SENSITIVE (Part 2, 12.3.2.4).</summary>
/// <param name="Type">As in the public area.</param>
/// <param name="AuthValue">Without trailing zeros.</param>
/// <param name="SeedValue">The seed of a storage key, the obfuscation of a symmetric object.</param>
/// <param name="Value">One RSA prime, the ECC private key, the sealed data or the symmetric key.</param>
internal sealed record TpmSensitive(TPM_ALG_ID Type, byte[] AuthValue, byte[] SeedValue, byte[] Value)
{
    /// <summary>Reads it.</summary>
    public static TpmSensitive Read(TpmReader reader)
    {
        TPM_ALG_ID type = (TPM_ALG_ID)reader.UInt16();
        if (type is not (TPM_ALG_RSA or TPM_ALG_ECC or TPM_ALG_KEYEDHASH or TPM_ALG_SYMCIPHER))
        {
            throw reader.Fail(TPM_RC_TYPE);
        }

        byte[] auth = reader.Sized(Hash.MaxSize);
        byte[] seed = reader.Sized(Hash.MaxSize);
        int max = type switch
        {
            TPM_ALG_RSA => Limits.MaxRsaBytes / 2,
            TPM_ALG_ECC => Limits.MaxEccBytes,
            TPM_ALG_KEYEDHASH => Limits.MaxSymData,
            _ => 32,
        };
        return new TpmSensitive(type, auth, seed, reader.Sized(max));
    }

    /// <summary>Writes it without a size in front.</summary>
    public void Write(TpmWriter writer) =>
        writer.Algorithm(Type).Sized(AuthValue).Sized(SeedValue).Sized(Value);
}
