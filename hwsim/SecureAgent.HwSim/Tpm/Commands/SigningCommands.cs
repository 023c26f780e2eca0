namespace SecureAgent.HwSim.Tpm.Commands;

/// <summary>Part 3, 15 and 20: digests, HMACs and signatures.</summary>
internal static class SigningCommands
{
    /// <summary>TPM_GENERATED_VALUE: what only the TPM may sign begins with it.</summary>
    private static readonly byte[] GeneratedValue = [0xFF, 0x54, 0x43, 0x47];

    /// <summary>The commands of this file.</summary>
    public static IEnumerable<CommandDefinition> All =>
    [
        new(TPM_CC_Sign, Sign, new HandleSlot(HandleKind.Object, AuthRole.User)) { DecryptFirst = true },
        new(TPM_CC_VerifySignature, VerifySignature, new HandleSlot(HandleKind.Object)) { DecryptFirst = true },
        new(TPM_CC_Hash, HashData) { DecryptFirst = true, EncryptFirst = true },
        new(TPM_CC_HMAC, Hmac, new HandleSlot(HandleKind.Object, AuthRole.User)) { DecryptFirst = true, EncryptFirst = true },
    ];

    private static void Sign(CommandContext context)
    {
        byte[] digest = context.In.Parameter(1).Sized(Hash.MaxSize);
        SchemeDef requested = SchemeDef.ReadSig(context.In.Parameter(2));
        Ticket validation = Ticket.Read(context.In.Parameter(3), TPM_ST.TPM_ST_HASHCHECK);
        context.In.End();
        TpmObject key = context.Object(1);
        if (!key.Public.Has(TPMA_OBJECT.sign))
        {
            throw TPM_RC_KEY.Handle(1);
        }

        // Such a key signs certificates only.
        if (key.Public.Has(TPMA_OBJECT.x509sign))
        {
            throw TPM_RC_ATTRIBUTES.Handle(1);
        }

        SchemeDef scheme = Signing.SelectScheme(key, requested) ?? throw TPM_RC_SCHEME.Parameter(2);
        if (validation.Digest.Length != 0 || key.Public.Has(TPMA_OBJECT.restricted))
        {
            Ticket expected = Ticket.HashCheck(context.Tpm, validation.Hierarchy, scheme.Hash, digest);
            if (!expected.Digest.AsSpan().SequenceEqual(validation.Digest))
            {
                throw TPM_RC_TICKET.Parameter(3);
            }
        }
        else if (digest.Length != Hash.Size(scheme.Hash))
        {
            throw TPM_RC_SIZE.Parameter(1);
        }

        Signing.Sign(key, scheme, digest).Write(context.Out);
    }

    private static void VerifySignature(CommandContext context)
    {
        byte[] digest = context.In.Parameter(1).Sized(Hash.MaxSize);
        Signature signature = Signature.Read(context.In.Parameter(2));
        context.In.End();
        TpmObject key = context.Object(1);
        if (!key.Public.Has(TPMA_OBJECT.sign))
        {
            throw TPM_RC_ATTRIBUTES.Handle(1);
        }

        ObjectCommands.Numbered(2, () => Signing.Verify(key, signature, digest));
        Ticket ticket = key.Hierarchy == TPM_RH_NULL || key.Public.NameAlg == TPM_ALG_NULL
            ? Ticket.Null(TPM_ST.TPM_ST_VERIFIED)
            : Ticket.Verified(context.Tpm, key.Hierarchy, digest, key.Name);
        ticket.Write(context.Out);
    }

    private static void HashData(CommandContext context)
    {
        byte[] data = context.In.Parameter(1).Sized(Limits.MaxBuffer);
        TPM_ALG_ID algorithm = SchemeDef.ReadHash(context.In.Parameter(2));
        uint hierarchy = context.In.Parameter(3).UInt32();
        if (!HandleArea.Is(HandleKind.Hierarchy, hierarchy))
        {
            throw TPM_RC_VALUE.Parameter(3);
        }

        context.In.End();
        byte[] digest = Hash.Digest(algorithm, data);
        context.Out.Sized(digest);
        HashTicket(context.Tpm, hierarchy, algorithm, data, digest).Write(context.Out);
    }

    /// <summary>The ticket for a digest that the TPM made of <paramref name="data"/>: empty for the null hierarchy, and for what
    /// looks as if the TPM itself had made the data.</summary>
    internal static Ticket HashTicket(TpmState tpm, uint hierarchy, TPM_ALG_ID algorithm, byte[] data, byte[] digest) =>
        hierarchy == TPM_RH_NULL || data.AsSpan().StartsWith(GeneratedValue)
            ? Ticket.Null(TPM_ST.TPM_ST_HASHCHECK)
            : Ticket.HashCheck(tpm, hierarchy, algorithm, digest);

    private static void Hmac(CommandContext context)
    {
        byte[] data = context.In.Parameter(1).Sized(Limits.MaxBuffer);
        TPM_ALG_ID requested = ReadMac(context.In.Parameter(2));
        context.In.End();
        TpmObject key = context.Object(1);
        TPM_ALG_ID algorithm = HmacAlgorithm(key, requested);
        context.Out.Sized(Hash.Hmac(algorithm, key.Sensitive!.Value, data));
    }

    /// <summary>The hash of TPM2_HMAC and TPM2_HMAC_Start with handle 1 and parameter 2, or the error that refuses the key.</summary>
    internal static TPM_ALG_ID HmacAlgorithm(TpmObject key, TPM_ALG_ID requested)
    {
        if (key.Public.Type != TPM_ALG_KEYEDHASH)
        {
            throw TPM_RC_TYPE.Handle(1);
        }

        TPM_ALG_ID own = key.Public.Scheme.Hash;
        TPM_ALG_ID algorithm = own == TPM_ALG_NULL ? requested : own;
        bool clash = own != TPM_ALG_NULL && requested != TPM_ALG_NULL && requested != own;
        if (algorithm == TPM_ALG_NULL || clash)
        {
            throw TPM_RC_VALUE.Parameter(2);
        }

        if (key.Public.Has(TPMA_OBJECT.restricted))
        {
            throw TPM_RC_ATTRIBUTES.Handle(1);
        }

        return key.Public.Has(TPMA_OBJECT.sign) ? algorithm : throw TPM_RC_KEY.Handle(1);
    }

    /// <summary>Reads the TPMI_ALG_MAC_SCHEME+ of TPM2_HMAC and TPM2_HMAC_Start, which also stand for TPM2_MAC and TPM2_MAC_Start.</summary>
    internal static TPM_ALG_ID ReadMac(TpmReader reader)
    {
        TPM_ALG_ID algorithm = (TPM_ALG_ID)reader.UInt16();
        return Hash.IsHash(algorithm) || algorithm == TPM_ALG_NULL ? algorithm : throw reader.Fail(TPM_RC_SYMMETRIC);
    }
}
