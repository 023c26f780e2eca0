namespace SecureAgent.HwSim.Tpm.Commands;

/// <summary>Part 3, 14: asymmetric primitives; and TPM2_TestParms.</summary>
internal static class AsymmetricCommands
{
    /// <summary>The commands of this file.</summary>
    public static IEnumerable<CommandDefinition> All =>
    [
        new(TPM_CC_RSA_Encrypt, RsaEncrypt, new HandleSlot(HandleKind.Object)) { DecryptFirst = true, EncryptFirst = true },
        new(TPM_CC_RSA_Decrypt, RsaDecrypt, new HandleSlot(HandleKind.Object, AuthRole.User))
        {
            DecryptFirst = true, EncryptFirst = true,
        },
        new(TPM_CC_ECDH_KeyGen, EcdhKeyGen, new HandleSlot(HandleKind.Object)) { EncryptFirst = true },
        new(TPM_CC_ECDH_ZGen, EcdhZGen, new HandleSlot(HandleKind.Object, AuthRole.User))
        {
            DecryptFirst = true, EncryptFirst = true,
        },
        new(TPM_CC_ECC_Parameters, EccParameters),
        new(TPM_CC_TestParms, TestParms),
    ];

    private static void RsaEncrypt(CommandContext context)
    {
        (byte[] message, SchemeDef requested, byte[] label) = ReadRsa(context);
        TpmPublic key = RequireRsa(context);
        if (!key.Has(TPMA_OBJECT.decrypt))
        {
            throw TPM_RC_ATTRIBUTES.Handle(1);
        }

        SchemeDef scheme = CheckRsa(key, requested, label);
        int size = key.Unique.Length;
        byte[]? block = scheme.Algorithm switch
        {
            TPM_ALG_OAEP => RsaPadding.EncodeOaep(scheme.Hash, label, message, size),
            TPM_ALG_RSAES => RsaPadding.EncodePkcs1(message, size),
            _ => Numbers.Read(message) < Numbers.Read(key.Unique) ? message : null,
        };
        context.Out.Sized(RsaKeys.PublicOperation(key, block ?? throw TPM_RC_VALUE.Error()));
    }

    private static void RsaDecrypt(CommandContext context)
    {
        (byte[] cipherText, SchemeDef requested, byte[] label) = ReadRsa(context);
        TpmPublic key = RequireRsa(context);
        if (key.Has(TPMA_OBJECT.restricted) || !key.Has(TPMA_OBJECT.decrypt))
        {
            throw TPM_RC_ATTRIBUTES.Handle(1);
        }

        SchemeDef scheme = CheckRsa(key, requested, label);
        if (cipherText.Length != key.Unique.Length)
        {
            throw TPM_RC_SIZE.Error();
        }

        if (Numbers.Read(cipherText) >= Numbers.Read(key.Unique))
        {
            throw TPM_RC_VALUE.Error();
        }

        byte[] block = RsaKeys.PrivateOperation(context.Object(1), cipherText);
        byte[]? message = scheme.Algorithm switch
        {
            TPM_ALG_OAEP => RsaPadding.DecodeOaep(scheme.Hash, label, block),
            TPM_ALG_RSAES => RsaPadding.DecodePkcs1(block),
            _ => block,
        };
        context.Out.Sized(message ?? throw TPM_RC_VALUE.Error());
    }

    private static (byte[] Data, SchemeDef Scheme, byte[] Label) ReadRsa(CommandContext context)
    {
        byte[] data = context.In.Parameter(1).Sized(Limits.MaxRsaBytes);
        SchemeDef scheme = SchemeDef.ReadRsa(context.In.Parameter(2), decryptOnly: true);
        byte[] label = context.In.Parameter(3).Sized(Hash.MaxSize + 2);
        context.In.End();
        return (data, scheme, label);
    }

    private static TpmPublic RequireRsa(CommandContext context)
    {
        TpmPublic key = context.Object(1).Public;
        return key.Type == TPM_ALG_RSA ? key : throw TPM_RC_KEY.Handle(1);
    }

    private static SchemeDef CheckRsa(TpmPublic key, SchemeDef requested, byte[] label)
    {
        // A label ends with a zero octet, which is part of it.
        if (label.Length > 0 && label[^1] != 0)
        {
            throw TPM_RC_VALUE.Parameter(3);
        }

        if (key.Scheme.Algorithm == TPM_ALG_NULL)
        {
            return requested;
        }

        return requested.Algorithm == TPM_ALG_NULL || requested == key.Scheme
            ? key.Scheme
            : throw TPM_RC_SCHEME.Parameter(2);
    }

    private static void EcdhKeyGen(CommandContext context)
    {
        context.In.End();
        TpmPublic key = RequireEcc(context);
        (byte[] ephemeral, EccPoint point) = EccKeys.Generate(key.Curve, KeySource.Random);
        EccPoint shared = EccKeys.SharedPoint(key.Curve, ephemeral, new EccPoint(key.Unique, key.UniqueY))
            ?? throw TPM_RC_KEY.Handle(1);
        context.Out.SizedStructure(shared.Write).SizedStructure(point.Write);
    }

    private static void EcdhZGen(CommandContext context)
    {
        EccPoint point = context.In.Parameter(1).SizedStructure(EccPoint.Read);
        context.In.End();
        TpmPublic key = RequireEcc(context);
        if (key.Has(TPMA_OBJECT.restricted) || !key.Has(TPMA_OBJECT.decrypt))
        {
            throw TPM_RC_ATTRIBUTES.Handle(1);
        }

        if (key.Scheme.Algorithm is not (TPM_ALG_ECDH or TPM_ALG_NULL))
        {
            throw TPM_RC_SCHEME.Handle(1);
        }

        EccPoint shared = EccKeys.SharedPoint(key.Curve, context.Object(1).Sensitive!.Value, point)
            ?? throw TPM_RC_ECC_POINT.Parameter(1);
        context.Out.SizedStructure(shared.Write);
    }

    private static TpmPublic RequireEcc(CommandContext context)
    {
        TpmPublic key = context.Object(1).Public;
        return key.Type == TPM_ALG_ECC ? key : throw TPM_RC_KEY.Handle(1);
    }

    private static void EccParameters(CommandContext context)
    {
        TPM_ECC_CURVE id = EccCurves.Read(context.In.Parameter(1));
        context.In.End();
        EccCurve curve = EccCurve.Of(id);
        context.Out.UInt16((ushort)id).UInt16((ushort)EccCurves.Bits(id)).Algorithm(TPM_ALG_KDF1_SP800_56A)
            .Algorithm(EccCurves.KdfHash(id)).Algorithm(TPM_ALG_NULL)
            .Sized(Numbers.Write(curve.P, curve.Size)).Sized(Numbers.Write(curve.A, curve.Size))
            .Sized(Numbers.Write(curve.B, curve.Size)).Sized(Numbers.Write(curve.Gx, curve.Size))
            .Sized(Numbers.Write(curve.Gy, curve.Size)).Sized(Numbers.Write(curve.N, curve.Size)).Sized([1]);
    }

    private static void TestParms(CommandContext context)
    {
        // A TPMT_PUBLIC_PARMS: what can be read is supported.
        TpmReader reader = context.In.Parameter(1);
        TPM_ALG_ID type = (TPM_ALG_ID)reader.UInt16();
        if (type is not (TPM_ALG_RSA or TPM_ALG_ECC or TPM_ALG_KEYEDHASH or TPM_ALG_SYMCIPHER))
        {
            throw TPM_RC_TYPE.Parameter(1);
        }

        new TpmPublic { Type = type, NameAlg = TPM_ALG_NULL, Attributes = TPMA_OBJECT.None }.ReadParameters(reader);
        reader.End();
    }
}
