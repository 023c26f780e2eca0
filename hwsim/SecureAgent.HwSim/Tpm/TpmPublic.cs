namespace SecureAgent.HwSim.Tpm;

/// <summary>A TPMT_PUBLIC (Part 2, 12.2.4). Fields that the type does not have keep their defaults.</summary>
internal sealed record TpmPublic
{
    private const TPMA_OBJECT DefinedAttributes = TPMA_OBJECT.fixedTPM | TPMA_OBJECT.stClear | TPMA_OBJECT.fixedParent
        | TPMA_OBJECT.sensitiveDataOrigin | TPMA_OBJECT.userWithAuth | TPMA_OBJECT.adminWithPolicy | TPMA_OBJECT.noDA
        | TPMA_OBJECT.encryptedDuplication | TPMA_OBJECT.restricted | TPMA_OBJECT.decrypt | TPMA_OBJECT.sign
        | TPMA_OBJECT.x509sign;

    /// <summary>TPM_ALG_RSA, TPM_ALG_ECC, TPM_ALG_KEYEDHASH or TPM_ALG_SYMCIPHER.</summary>
    public required TPM_ALG_ID Type { get; init; }

    /// <summary>The hash of the Name; TPM_ALG_NULL only for LoadExternal.</summary>
    public required TPM_ALG_ID NameAlg { get; init; }

    /// <summary>objectAttributes.</summary>
    public required TPMA_OBJECT Attributes { get; init; }

    /// <summary>authPolicy, empty or as long as a digest of nameAlg.</summary>
    public byte[] AuthPolicy { get; init; } = [];

    /// <summary>The symmetric algorithm of a storage key or of a symmetric cipher object.</summary>
    public SymDef Symmetric { get; init; } = SymDef.Null;

    /// <summary>The scheme of an asymmetric key or a keyed hash.</summary>
    public SchemeDef Scheme { get; init; } = SchemeDef.Null;

    /// <summary>The KDF scheme of an ECC key.</summary>
    public SchemeDef KdfScheme { get; init; } = SchemeDef.Null;

    /// <summary>The modulus's bits.</summary>
    public ushort KeyBits { get; init; }

    /// <summary>The public exponent; 0 means 65537.</summary>
    public uint Exponent { get; init; }

    /// <summary>The curve.</summary>
    public TPM_ECC_CURVE Curve { get; init; }

    /// <summary>The modulus, the point's x, or the digest.</summary>
    public byte[] Unique { get; init; } = [];

    /// <summary>The point's y.</summary>
    public byte[] UniqueY { get; init; } = [];

    /// <summary>RSA or ECC.</summary>
    public bool IsAsymmetric => Type is TPM_ALG_RSA or TPM_ALG_ECC;

    /// <summary>A storage key: restricted, decrypting, not a keyed hash.</summary>
    public bool IsParent => Has(TPMA_OBJECT.restricted) && Has(TPMA_OBJECT.decrypt) && !Has(TPMA_OBJECT.sign)
        && Type != TPM_ALG_KEYEDHASH;

    /// <summary>Whether <paramref name="attribute"/> is set.</summary>
    public bool Has(TPMA_OBJECT attribute) => (Attributes & attribute) != 0;

    /// <summary>The Name: nameAlg and the digest of this structure; empty without nameAlg.</summary>
    public byte[] ComputeName() => NameAlg == TPM_ALG_NULL
        ? []
        : Bytes.Concat(Bytes.UInt16((ushort)NameAlg), Hash.Digest(NameAlg, ToBytes()));

    /// <summary>The structure without a size in front.</summary>
    public byte[] ToBytes()
    {
        TpmWriter writer = new();
        Write(writer);
        return writer.ToArray();
    }

    /// <summary>Writes the structure without a size in front.</summary>
    public void Write(TpmWriter writer)
    {
        writer.Algorithm(Type).Algorithm(NameAlg).UInt32((uint)Attributes).Sized(AuthPolicy);
        WriteParameters(writer);
        writer.Sized(Unique);
        if (Type == TPM_ALG_ECC)
        {
            writer.Sized(UniqueY);
        }
    }

    /// <summary>Reads a TPMT_PUBLIC.</summary>
    /// <param name="reader">Where from.</param>
    /// <param name="allowNullName">nameAlg may be TPM_ALG_NULL.</param>
    public static TpmPublic Read(TpmReader reader, bool allowNullName)
    {
        TpmPublic template = ReadHead(reader, allowNullName);
        return template.Type switch
        {
            TPM_ALG_RSA => template with { Unique = reader.Sized(Limits.MaxRsaBytes) },
            TPM_ALG_ECC => template with
            {
                Unique = reader.Sized(Limits.MaxEccBytes),
                UniqueY = reader.Sized(Limits.MaxEccBytes),
            },
            _ => template with { Unique = reader.Sized(Hash.MaxSize) },
        };
    }

    /// <summary>Reads a TPMT_PUBLIC up to but without its unique field.</summary>
    public static TpmPublic ReadHead(TpmReader reader, bool allowNullName)
    {
        TPM_ALG_ID type = (TPM_ALG_ID)reader.UInt16();
        if (type is not (TPM_ALG_RSA or TPM_ALG_ECC or TPM_ALG_KEYEDHASH or TPM_ALG_SYMCIPHER))
        {
            throw reader.Fail(TPM_RC_TYPE);
        }

        TpmPublic template = new()
        {
            Type = type,
            NameAlg = SchemeDef.ReadHash(reader, allowNullName),
            Attributes = ReadAttributes(reader),
            AuthPolicy = reader.Sized(Hash.MaxSize),
        };
        return template.ReadParameters(reader);
    }

    /// <summary>Reads TPMU_PUBLIC_PARMS for this object's type.</summary>
    public TpmPublic ReadParameters(TpmReader reader) => Type switch
    {
        TPM_ALG_RSA => this with
        {
            Symmetric = SymDef.ReadObject(reader, allowNull: true),
            Scheme = SchemeDef.ReadRsa(reader),
            KeyBits = ReadKeyBits(reader),
            Exponent = reader.UInt32(),
        },
        TPM_ALG_ECC => this with
        {
            Symmetric = SymDef.ReadObject(reader, allowNull: true),
            Scheme = SchemeDef.ReadEcc(reader),
            Curve = EccCurves.Read(reader),
            KdfScheme = SchemeDef.ReadKdf(reader),
        },
        TPM_ALG_KEYEDHASH => this with { Scheme = SchemeDef.ReadKeyedHash(reader) },
        _ => this with { Symmetric = SymDef.ReadObject(reader, allowNull: false) },
    };

    private void WriteParameters(TpmWriter writer)
    {
        switch (Type)
        {
            case TPM_ALG_RSA:
                Symmetric.Write(writer);
                Scheme.Write(writer);
                writer.UInt16(KeyBits).UInt32(Exponent);
                break;
            case TPM_ALG_ECC:
                Symmetric.Write(writer);
                Scheme.Write(writer);
                writer.UInt16((ushort)Curve);
                KdfScheme.Write(writer);
                break;
            case TPM_ALG_KEYEDHASH:
                Scheme.Write(writer);
                break;
            default:
                Symmetric.Write(writer);
                break;
        }
    }

    private static TPMA_OBJECT ReadAttributes(TpmReader reader)
    {
        TPMA_OBJECT attributes = (TPMA_OBJECT)reader.UInt32();
        return (attributes & ~DefinedAttributes) == 0 ? attributes : throw reader.Fail(TPM_RC_RESERVED_BITS);
    }

    private static ushort ReadKeyBits(TpmReader reader)
    {
        ushort keyBits = reader.UInt16();
        return keyBits is 1024 or 2048 or 3072 ? keyBits : throw reader.Fail(TPM_RC_VALUE);
    }
}
