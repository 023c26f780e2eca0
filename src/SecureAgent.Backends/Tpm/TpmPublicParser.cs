namespace SecureAgent.Backends.Tpm;

/// <summary>Unmarshals TPMT_PUBLIC.</summary>
internal static class TpmPublicParser
{
    // TPMT_PUBLIC (Part 2, 12.2.4)          TPMS_RSA_PARMS               TPMS_ECC_PARMS
    //   TPMI_ALG_PUBLIC    type               TPMT_SYM_DEF_OBJECT          TPMT_SYM_DEF_OBJECT
    //   TPMI_ALG_HASH      nameAlg            TPMT_RSA_SCHEME              TPMT_ECC_SCHEME
    //   TPMA_OBJECT        objectAttributes   UINT16 keyBits               TPMI_ECC_CURVE curveID
    //   TPM2B_DIGEST       authPolicy         UINT32 exponent              TPMT_KDF_SCHEME
    //   TPMU_PUBLIC_PARMS  parameters       TPMS_KEYEDHASH_PARMS: TPMT_KEYEDHASH_SCHEME
    //   TPMU_PUBLIC_ID     unique
    public static TpmPublic Parse(ReadOnlySpan<byte> bytes)
    {
        TpmReader reader = new(bytes);
        TPM_ALG type = reader.ReadAlg();
        TPM_ALG nameAlg = reader.ReadAlg();
        if (!TpmHash.IsSupported(nameAlg))
        {
            throw new TpmException($"The object's name algorithm 0x{(ushort)nameAlg:X4} is not supported.");
        }

        TPMA_OBJECT attributes = (TPMA_OBJECT)reader.ReadUInt32();
        byte[] authPolicy = reader.ReadTpm2B().ToArray();
        TpmPublic parsed = type switch
        {
            TPM_ALG.RSA => ParseRsa(ref reader, nameAlg, attributes, authPolicy, bytes.ToArray()),
            TPM_ALG.ECC => ParseEcc(ref reader, nameAlg, attributes, authPolicy, bytes.ToArray()),
            TPM_ALG.KEYEDHASH => ParseKeyedHash(ref reader, nameAlg, attributes, authPolicy, bytes.ToArray()),
            _ => throw new TpmException(
                $"The object is of a type that is not supported (TPM_ALG 0x{(ushort)type:X4})."),
        };
        reader.End();
        return parsed;
    }

    private static TpmPublic ParseRsa(
        ref TpmReader reader, TPM_ALG nameAlg, TPMA_OBJECT attributes, byte[] authPolicy, byte[] bytes)
    {
        (TPM_ALG symmetric, int symmetricBits, TPM_ALG mode) = ReadSymmetric(ref reader);
        (TPM_ALG scheme, TPM_ALG schemeHash) = ReadScheme(ref reader);
        int keyBits = reader.ReadUInt16();
        uint exponent = reader.ReadUInt32();
        byte[] modulus = reader.ReadTpm2B().ToArray();
        if (keyBits is < 1024 or > 8192 || keyBits % 8 != 0 || modulus.Length != keyBits / 8 || modulus[0] < 0x80)
        {
            throw new TpmException($"An RSA modulus of {modulus.Length} bytes does not fit its {keyBits} key bits.");
        }

        return new TpmPublic
        {
            Type = TPM_ALG.RSA,
            NameAlg = nameAlg,
            Attributes = attributes,
            AuthPolicy = authPolicy,
            Symmetric = symmetric,
            SymmetricBits = symmetricBits,
            SymmetricMode = mode,
            Scheme = scheme,
            SchemeHash = schemeHash,
            KeyBits = keyBits,
            Exponent = exponent == 0 ? 65537 : exponent,
            Modulus = modulus,
            Bytes = bytes,
        };
    }

    private static TpmPublic ParseEcc(
        ref TpmReader reader, TPM_ALG nameAlg, TPMA_OBJECT attributes, byte[] authPolicy, byte[] bytes)
    {
        (TPM_ALG symmetric, int symmetricBits, TPM_ALG mode) = ReadSymmetric(ref reader);
        (TPM_ALG scheme, TPM_ALG schemeHash) = ReadScheme(ref reader);
        TPM_ECC_CURVE curve = (TPM_ECC_CURVE)reader.ReadUInt16();
        if (reader.ReadAlg() != TPM_ALG.NULL)
        {
            reader.ReadAlg();
        }

        byte[] x = ReadCoordinate(ref reader, curve);
        byte[] y = ReadCoordinate(ref reader, curve);
        return new TpmPublic
        {
            Type = TPM_ALG.ECC,
            NameAlg = nameAlg,
            Attributes = attributes,
            AuthPolicy = authPolicy,
            Symmetric = symmetric,
            SymmetricBits = symmetricBits,
            SymmetricMode = mode,
            Scheme = scheme,
            SchemeHash = schemeHash,
            Curve = curve,
            KeyBits = TpmEcc.FieldBits(curve),
            X = x,
            Y = y,
            Bytes = bytes,
        };
    }

    private static TpmPublic ParseKeyedHash(
        ref TpmReader reader, TPM_ALG nameAlg, TPMA_OBJECT attributes, byte[] authPolicy, byte[] bytes)
    {
        TPM_ALG scheme = reader.ReadAlg();
        if (scheme != TPM_ALG.NULL)
        {
            throw new TpmException("The keyed-hash object is a key, not sealed data.");
        }

        return new TpmPublic
        {
            Type = TPM_ALG.KEYEDHASH,
            NameAlg = nameAlg,
            Attributes = attributes,
            AuthPolicy = authPolicy,
            Unique = reader.ReadTpm2B().ToArray(),
            Bytes = bytes,
        };
    }

    private static (TPM_ALG Symmetric, int Bits, TPM_ALG Mode) ReadSymmetric(ref TpmReader reader)
    {
        TPM_ALG symmetric = reader.ReadAlg();
        return symmetric == TPM_ALG.NULL
            ? (symmetric, 0, TPM_ALG.NULL)
            : (symmetric, reader.ReadUInt16(), reader.ReadAlg());
    }

    // Every asymmetric scheme but NULL and RSAES carries a hash; ECDAA has a count after it.
    private static (TPM_ALG Scheme, TPM_ALG Hash) ReadScheme(ref TpmReader reader)
    {
        TPM_ALG scheme = reader.ReadAlg();
        if (scheme is TPM_ALG.NULL or TPM_ALG.RSAES)
        {
            return (scheme, TPM_ALG.NULL);
        }

        TPM_ALG hash = reader.ReadAlg();
        if (scheme == TPM_ALG.ECDAA)
        {
            reader.ReadUInt16();
        }

        return (scheme, hash);
    }

    // TPMs strip or keep leading zeros as they like.
    private static byte[] ReadCoordinate(ref TpmReader reader, TPM_ECC_CURVE curve)
    {
        ReadOnlySpan<byte> value = reader.ReadTpm2B();
        int fieldBytes = (TpmEcc.FieldBits(curve) + 7) / 8;
        if (value.Length > fieldBytes)
        {
            throw new TpmException("An ECC coordinate is longer than the curve's field.");
        }

        byte[] padded = new byte[fieldBytes];
        value.CopyTo(padded.AsSpan(fieldBytes - value.Length));
        return padded;
    }
}
