namespace SecureAgent.HwSim.Tpm;

/// <summary>A TPMT_SIGNATURE (Part 2, 11.3.4). For ECDSA, <see cref="First"/> is r and <see cref="Second"/> is s.</summary>
internal sealed record Signature(SchemeDef Scheme, byte[] First, byte[] Second)
{
    /// <summary>TPM_ALG_NULL.</summary>
    public static readonly Signature Null = new(SchemeDef.Null, [], []);

    /// <summary>Reads a TPMT_SIGNATURE.</summary>
    public static Signature Read(TpmReader reader)
    {
        TPM_ALG_ID algorithm = (TPM_ALG_ID)reader.UInt16();
        if (algorithm is not (TPM_ALG_RSASSA or TPM_ALG_RSAPSS or TPM_ALG_ECDSA or TPM_ALG_HMAC))
        {
            throw reader.Fail(TPM_RC_SCHEME);
        }

        SchemeDef scheme = new(algorithm, SchemeDef.ReadHash(reader));
        return algorithm switch
        {
            TPM_ALG_ECDSA => ReadPair(reader, scheme),
            TPM_ALG_HMAC => new Signature(scheme, reader.Bytes(Hash.Size(scheme.Hash)), []),
            _ => new Signature(scheme, reader.Sized(Limits.MaxRsaBytes), []),
        };
    }

    /// <summary>Writes it.</summary>
    public void Write(TpmWriter writer)
    {
        writer.Algorithm(Scheme.Algorithm);
        switch (Scheme.Algorithm)
        {
            case TPM_ALG_NULL:
                break;
            case TPM_ALG_HMAC:
                writer.Algorithm(Scheme.Hash).Bytes(First);
                break;
            case TPM_ALG_ECDSA:
                writer.Algorithm(Scheme.Hash).Sized(First).Sized(Second);
                break;
            default:
                writer.Algorithm(Scheme.Hash).Sized(First);
                break;
        }
    }

    private static Signature ReadPair(TpmReader reader, SchemeDef scheme)
    {
        byte[] r = reader.Sized(Limits.MaxEccBytes);
        return new Signature(scheme, r, reader.Sized(Limits.MaxEccBytes));
    }
}
