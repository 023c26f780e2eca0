namespace SecureAgent.HwSim.Tpm;

/// <summary>A TPMT_SYM_DEF or TPMT_SYM_DEF_OBJECT. For TPM_ALG_XOR, <see cref="KeyBits"/> holds the hash algorithm.</summary>
internal readonly record struct SymDef(TPM_ALG_ID Algorithm, ushort KeyBits, TPM_ALG_ID Mode)
{
    /// <summary>TPM_ALG_NULL.</summary>
    public static readonly SymDef Null = new(TPM_ALG_NULL, 0, TPM_ALG_NULL);

    /// <summary>The hash of the XOR obfuscation.</summary>
    public TPM_ALG_ID XorHash => (TPM_ALG_ID)KeyBits;

    /// <summary>Reads a TPMT_SYM_DEF+, as sessions have it.</summary>
    public static SymDef ReadSession(TpmReader reader)
    {
        TPM_ALG_ID algorithm = (TPM_ALG_ID)reader.UInt16();
        return algorithm switch
        {
            TPM_ALG_AES => ReadAes(reader),
            TPM_ALG_XOR => ReadXor(reader),
            TPM_ALG_NULL => Null,
            _ => throw reader.Fail(TPM_RC_SYMMETRIC),
        };
    }

    /// <summary>Reads a TPMT_SYM_DEF_OBJECT+, as objects have it.</summary>
    public static SymDef ReadObject(TpmReader reader, bool allowNull)
    {
        TPM_ALG_ID algorithm = (TPM_ALG_ID)reader.UInt16();
        return algorithm switch
        {
            TPM_ALG_AES => ReadAes(reader),
            TPM_ALG_NULL when allowNull => Null,
            _ => throw reader.Fail(TPM_RC_SYMMETRIC),
        };
    }

    /// <summary>Writes it as it was read.</summary>
    public void Write(TpmWriter writer)
    {
        writer.Algorithm(Algorithm);
        if (Algorithm == TPM_ALG_AES)
        {
            writer.UInt16(KeyBits).Algorithm(Mode);
        }
        else if (Algorithm == TPM_ALG_XOR)
        {
            writer.UInt16(KeyBits);
        }
    }

    private static SymDef ReadXor(TpmReader reader)
    {
        ushort hash = reader.UInt16();
        return Hash.IsHash((TPM_ALG_ID)hash) ? new SymDef(TPM_ALG_XOR, hash, TPM_ALG_NULL) : throw reader.Fail(TPM_RC_HASH);
    }

    private static SymDef ReadAes(TpmReader reader)
    {
        ushort keyBits = reader.UInt16();
        if (keyBits is not (128 or 256))
        {
            throw reader.Fail(TPM_RC_VALUE);
        }

        TPM_ALG_ID mode = (TPM_ALG_ID)reader.UInt16();
        bool known = mode is TPM_ALG_CFB or TPM_ALG_CTR or TPM_ALG_OFB or TPM_ALG_CBC or TPM_ALG_ECB or TPM_ALG_NULL;
        return known ? new SymDef(TPM_ALG_AES, keyBits, mode) : throw reader.Fail(TPM_RC_MODE);
    }
}
