namespace SecureAgent.HwSim.Tpm;

/// <summary>A signing, encryption, exchange, keyed-hash or KDF scheme: its algorithm, its hash and, for TPM_ALG_XOR, its KDF.
/// <see cref="Hash"/> is TPM_ALG_NULL where the scheme has none.</summary>
internal readonly record struct SchemeDef(TPM_ALG_ID Algorithm, TPM_ALG_ID Hash, TPM_ALG_ID Kdf = TPM_ALG_NULL)
{
    /// <summary>TPM_ALG_NULL.</summary>
    public static readonly SchemeDef Null = new(TPM_ALG_NULL, TPM_ALG_NULL);

    /// <summary>Reads a TPMT_RSA_SCHEME+ (or a TPMT_RSA_DECRYPT+, with <paramref name="decryptOnly"/>).</summary>
    public static SchemeDef ReadRsa(TpmReader reader, bool decryptOnly = false)
    {
        TPM_ALG_ID algorithm = (TPM_ALG_ID)reader.UInt16();
        return algorithm switch
        {
            TPM_ALG_NULL => Null,
            TPM_ALG_RSAES => new SchemeDef(algorithm, TPM_ALG_NULL),
            TPM_ALG_OAEP => new SchemeDef(algorithm, ReadHash(reader)),
            TPM_ALG_RSASSA or TPM_ALG_RSAPSS when !decryptOnly => new SchemeDef(algorithm, ReadHash(reader)),
            _ => throw reader.Fail(TPM_RC_VALUE),
        };
    }

    /// <summary>Reads a TPMT_ECC_SCHEME+.</summary>
    public static SchemeDef ReadEcc(TpmReader reader) => ReadHashed(reader, TPM_RC_SCHEME, TPM_ALG_ECDSA, TPM_ALG_ECDH);

    /// <summary>Reads a TPMT_SIG_SCHEME+.</summary>
    public static SchemeDef ReadSig(TpmReader reader) =>
        ReadHashed(reader, TPM_RC_SCHEME, TPM_ALG_RSASSA, TPM_ALG_RSAPSS, TPM_ALG_ECDSA, TPM_ALG_HMAC);

    /// <summary>Reads a TPMT_KDF_SCHEME+.</summary>
    public static SchemeDef ReadKdf(TpmReader reader) => ReadHashed(
        reader, TPM_RC_KDF, TPM_ALG_MGF1, TPM_ALG_KDF1_SP800_56A, TPM_ALG_KDF2, TPM_ALG_KDF1_SP800_108);

    /// <summary>Reads a TPMT_KEYEDHASH_SCHEME+.</summary>
    public static SchemeDef ReadKeyedHash(TpmReader reader)
    {
        TPM_ALG_ID algorithm = (TPM_ALG_ID)reader.UInt16();
        return algorithm switch
        {
            TPM_ALG_NULL => Null,
            TPM_ALG_HMAC => new SchemeDef(algorithm, ReadHash(reader)),
            TPM_ALG_XOR => new SchemeDef(algorithm, ReadHash(reader), ReadXorKdf(reader)),
            _ => throw reader.Fail(TPM_RC_VALUE),
        };
    }

    /// <summary>Reads a TPMI_ALG_HASH, or TPMI_ALG_HASH+ with <paramref name="allowNull"/>.</summary>
    public static TPM_ALG_ID ReadHash(TpmReader reader, bool allowNull = false)
    {
        TPM_ALG_ID hash = (TPM_ALG_ID)reader.UInt16();
        bool known = Tpm.Hash.IsHash(hash) || (allowNull && hash == TPM_ALG_NULL);
        return known ? hash : throw reader.Fail(TPM_RC_HASH);
    }

    /// <summary>Writes it as it was read.</summary>
    public void Write(TpmWriter writer)
    {
        writer.Algorithm(Algorithm);
        if (Hash != TPM_ALG_NULL)
        {
            writer.Algorithm(Hash);
        }

        if (Algorithm == TPM_ALG_XOR)
        {
            writer.Algorithm(Kdf);
        }
    }

    private static SchemeDef ReadHashed(TpmReader reader, TPM_RC unknown, params ReadOnlySpan<TPM_ALG_ID> algorithms)
    {
        TPM_ALG_ID algorithm = (TPM_ALG_ID)reader.UInt16();
        if (algorithm == TPM_ALG_NULL)
        {
            return Null;
        }

        return algorithms.Contains(algorithm) ? new SchemeDef(algorithm, ReadHash(reader)) : throw reader.Fail(unknown);
    }

    private static TPM_ALG_ID ReadXorKdf(TpmReader reader)
    {
        TPM_ALG_ID kdf = (TPM_ALG_ID)reader.UInt16();
        bool known = kdf is TPM_ALG_MGF1 or TPM_ALG_KDF1_SP800_56A or TPM_ALG_KDF2 or TPM_ALG_KDF1_SP800_108 or TPM_ALG_NULL;
        return known ? kdf : throw reader.Fail(TPM_RC_KDF);
    }
}
