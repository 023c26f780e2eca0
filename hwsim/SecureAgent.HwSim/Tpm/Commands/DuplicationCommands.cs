namespace SecureAgent.HwSim.Tpm.Commands;

/// <summary>Part 3, 12 and 13: credentials and duplication.</summary>
internal static class DuplicationCommands
{
    private const int MaxIdObject = 2 * (Hash.MaxSize + 2);
    private const int MaxName = Hash.MaxSize + 4;

    /// <summary>The commands of this file.</summary>
    public static IEnumerable<CommandDefinition> All =>
    [
        new(TPM_CC_MakeCredential, MakeCredential, new HandleSlot(HandleKind.Object))
        {
            DecryptFirst = true, EncryptFirst = true,
        },
        new(TPM_CC_ActivateCredential, ActivateCredential,
            new HandleSlot(HandleKind.Object, AuthRole.Admin), new HandleSlot(HandleKind.Object, AuthRole.User))
        {
            DecryptFirst = true, EncryptFirst = true,
        },
        new(TPM_CC_Duplicate, Duplicate, new HandleSlot(HandleKind.Object, AuthRole.Dup), new HandleSlot(HandleKind.ObjectOrNull))
        {
            DecryptFirst = true, EncryptFirst = true,
        },
        new(TPM_CC_Import, Import, new HandleSlot(HandleKind.Object, AuthRole.User)) { DecryptFirst = true, EncryptFirst = true },
    ];

    private static void MakeCredential(CommandContext context)
    {
        byte[] credential = context.In.Parameter(1).Sized(Hash.MaxSize);
        byte[] name = context.In.Parameter(2).Sized(MaxName);
        context.In.End();
        TpmPublic key = context.Object(1).Public;
        if (!key.IsAsymmetric || !key.IsParent)
        {
            throw TPM_RC_TYPE.Handle(1);
        }

        if (credential.Length > Hash.Size(key.NameAlg))
        {
            throw TPM_RC_SIZE.Parameter(1);
        }

        (byte[] seed, byte[] encrypted) = SecretExchange.Encrypt(key, SecretExchange.Identity);
        byte[] blob = OuterWrap.Wrap(key, seed, name, withIv: false, new TpmWriter().Sized(credential).ToArray());
        context.Out.Sized(blob).Sized(encrypted);
    }

    private static void ActivateCredential(CommandContext context)
    {
        byte[] blob = context.In.Parameter(1).Sized(MaxIdObject);
        byte[] secret = context.In.Parameter(2).Sized(SecretExchange.MaxEncryptedSecret);
        context.In.End();
        TpmObject activated = context.Object(1);
        TpmObject key = context.Object(2);
        if (!key.Public.IsAsymmetric || !key.Public.IsParent)
        {
            throw TPM_RC_TYPE.Handle(2);
        }

        byte[] seed = ObjectCommands.Numbered(2, () => SecretExchange.Decrypt(key, SecretExchange.Identity, secret));
        byte[] credential = ObjectCommands.Numbered(1, () => OpenCredential(key.Public, seed, activated.Name, blob));
        context.Out.Sized(credential);
    }

    private static byte[] OpenCredential(TpmPublic key, byte[] seed, byte[] name, byte[] blob)
    {
        TpmReader reader = new(OuterWrap.Unwrap(key, seed, name, withIv: false, blob));
        byte[] credential = reader.Sized(Hash.MaxSize);
        return reader.Remaining == 0 ? credential : throw TPM_RC_SIZE.Error();
    }

    private static void Duplicate(CommandContext context)
    {
        byte[] keyIn = context.In.Parameter(1).Sized(Hash.MaxSize + 2);
        SymDef symmetric = SymDef.ReadObject(context.In.Parameter(2), allowNull: true);
        context.In.End();
        TpmObject source = context.Object(1);
        TpmPublic? newParent = context.Handle(2) == TPM_RH_NULL ? null : context.Object(2).Public;
        CheckDuplicable(source.Public, newParent, symmetric);
        byte[] innerKey = InnerKey(keyIn, symmetric);
        (byte[] seed, byte[] encryptedSeed) = newParent is null
            ? ([], [])
            : SecretExchange.Encrypt(newParent, SecretExchange.Duplicate);
        byte[] keyOut = keyIn.Length == 0 ? innerKey : [];
        context.Out.Sized(keyOut).Sized(PrivateArea.Duplicate(source, newParent, seed, innerKey)).Sized(encryptedSeed);
    }

    private static void CheckDuplicable(TpmPublic source, TpmPublic? newParent, SymDef symmetric)
    {
        if (source.Has(TPMA_OBJECT.fixedParent))
        {
            throw TPM_RC_ATTRIBUTES.Handle(1);
        }

        if (source.NameAlg == TPM_ALG_NULL)
        {
            throw TPM_RC_TYPE.Handle(1);
        }

        if (newParent is { IsParent: false } or { IsAsymmetric: false })
        {
            throw TPM_RC_TYPE.Handle(2);
        }

        if (source.Has(TPMA_OBJECT.encryptedDuplication))
        {
            if (symmetric.Algorithm == TPM_ALG_NULL)
            {
                throw TPM_RC_SYMMETRIC.Parameter(2);
            }

            if (newParent is null)
            {
                throw TPM_RC_HIERARCHY.Handle(2);
            }
        }
    }

    private static byte[] InnerKey(byte[] keyIn, SymDef symmetric)
    {
        int size = symmetric.Algorithm == TPM_ALG_NULL ? 0 : symmetric.KeyBits / 8;
        if (keyIn.Length != 0 && keyIn.Length != size)
        {
            throw TPM_RC_SIZE.Parameter(1);
        }

        return keyIn.Length != 0 ? keyIn : TpmState.Random(size);
    }

    private static void Import(CommandContext context)
    {
        byte[] innerKey = context.In.Parameter(1).Sized(Hash.MaxSize + 2);
        TpmPublic publicArea = context.In.Parameter(2).SizedStructure(reader => TpmPublic.Read(reader, allowNullName: false));
        byte[] duplicate = context.In.Parameter(3).Sized(PrivateArea.MaxSize);
        byte[] encryptedSeed = context.In.Parameter(4).Sized(SecretExchange.MaxEncryptedSecret);
        SymDef symmetric = SymDef.ReadObject(context.In.Parameter(5), allowNull: true);
        context.In.End();
        if (publicArea.Has(TPMA_OBJECT.fixedTPM | TPMA_OBJECT.fixedParent))
        {
            throw TPM_RC_ATTRIBUTES.Parameter(2);
        }

        TpmObject parent = ObjectCommands.RequireParent(context, 1);
        CheckWrappers(publicArea, innerKey, encryptedSeed, symmetric);
        byte[] seed = [];
        if (encryptedSeed.Length > 0)
        {
            if (!parent.Public.IsAsymmetric)
            {
                throw TPM_RC_TYPE.Handle(1);
            }

            seed = ObjectCommands.Numbered(4, () => SecretExchange.Decrypt(parent, SecretExchange.Duplicate, encryptedSeed));
        }

        TpmSensitive sensitive = ObjectCommands.Numbered(
            3, () => PrivateArea.OpenDuplicate(parent, publicArea, duplicate, encryptedSeed.Length > 0, seed, innerKey));
        if (parent.Public.Has(TPMA_OBJECT.fixedTPM))
        {
            ObjectCommands.CheckAuthSize(sensitive.AuthValue, publicArea.NameAlg, 3);
            ObjectCommands.Numbered(2, () => TemplateRules.Check(null, publicArea));
            ObjectFactory.CheckBinding(publicArea, sensitive, 2, 3);
        }

        context.Out.Sized(PrivateArea.Protect(parent, publicArea, sensitive));
    }

    private static void CheckWrappers(TpmPublic publicArea, byte[] innerKey, byte[] encryptedSeed, SymDef symmetric)
    {
        bool hasInner = symmetric.Algorithm != TPM_ALG_NULL;
        if (innerKey.Length != (hasInner ? symmetric.KeyBits / 8 : 0))
        {
            throw TPM_RC_SIZE.Parameter(1);
        }

        if (publicArea.Has(TPMA_OBJECT.encryptedDuplication))
        {
            if (!hasInner)
            {
                throw TPM_RC_ATTRIBUTES.Parameter(1);
            }

            if (encryptedSeed.Length == 0)
            {
                throw TPM_RC_ATTRIBUTES.Parameter(4);
            }
        }
    }
}
