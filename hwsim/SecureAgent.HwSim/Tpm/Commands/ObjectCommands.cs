namespace SecureAgent.HwSim.Tpm.Commands;

/// <summary>Part 3, 12 and 24: creating and loading objects.</summary>
internal static class ObjectCommands
{
    private const int MaxOutsideInfo = Hash.MaxSize + 2;

    /// <summary>The commands of this file.</summary>
    public static IEnumerable<CommandDefinition> All =>
    [
        new(TPM_CC_CreatePrimary, CreatePrimary, new HandleSlot(HandleKind.Hierarchy, AuthRole.User))
        {
            DecryptFirst = true, EncryptFirst = true, ReturnsHandle = true,
        },
        new(TPM_CC_Create, Create, new HandleSlot(HandleKind.Object, AuthRole.User)) { DecryptFirst = true, EncryptFirst = true },
        new(TPM_CC_CreateLoaded, CreateLoaded, new HandleSlot(HandleKind.Parent, AuthRole.User))
        {
            DecryptFirst = true, EncryptFirst = true, ReturnsHandle = true,
        },
        new(TPM_CC_Load, Load, new HandleSlot(HandleKind.Object, AuthRole.User))
        {
            DecryptFirst = true, EncryptFirst = true, ReturnsHandle = true,
        },
        new(TPM_CC_LoadExternal, LoadExternal) { DecryptFirst = true, EncryptFirst = true, ReturnsHandle = true },
        new(TPM_CC_ReadPublic, ReadPublic, new HandleSlot(HandleKind.Object)) { EncryptFirst = true },
        new(TPM_CC_ObjectChangeAuth, ObjectChangeAuth,
            new HandleSlot(HandleKind.Object, AuthRole.Admin), new HandleSlot(HandleKind.Object))
        {
            DecryptFirst = true, EncryptFirst = true,
        },
        new(TPM_CC_Unseal, Unseal, new HandleSlot(HandleKind.Object, AuthRole.User)) { EncryptFirst = true },
    ];

    private static void CreatePrimary(CommandContext context)
    {
        NewObject request = ReadRequest(context);
        uint hierarchy = context.Handle(1);
        context.Tpm.Objects.RequireFree();
        TpmObject created = MakePrimary(context.Tpm, hierarchy, request);
        byte[] creationData = CreationData.Build(
            context.Tpm, request.Template.NameAlg, context.Locality, null, hierarchy, request.OutsideInfo, request.Pcrs);
        byte[] creationHash = Hash.Digest(request.Template.NameAlg, creationData);
        context.ResponseHandle = context.Tpm.Objects.Add(created);
        context.Out.SizedStructure(created.Public.Write).Sized(creationData).Sized(creationHash);
        Ticket.Creation(context.Tpm, hierarchy, created.Name, creationHash).Write(context.Out);
        context.Out.Sized(created.Name);
    }

    private static void Create(CommandContext context)
    {
        NewObject request = ReadRequest(context);
        TpmObject parent = RequireParent(context, 1);
        (TpmPublic publicArea, TpmSensitive sensitive) = Make(parent, request, KeySource.Random);
        byte[] creationData = CreationData.Build(
            context.Tpm, publicArea.NameAlg, context.Locality, parent, 0, request.OutsideInfo, request.Pcrs);
        byte[] creationHash = Hash.Digest(publicArea.NameAlg, creationData);
        context.Out.Sized(PrivateArea.Protect(parent, publicArea, sensitive)).SizedStructure(publicArea.Write)
            .Sized(creationData).Sized(creationHash);
        Ticket.Creation(context.Tpm, parent.Hierarchy, publicArea.ComputeName(), creationHash).Write(context.Out);
    }

    private static void CreateLoaded(CommandContext context)
    {
        (byte[] auth, byte[] data) = context.In.Parameter(1).SizedStructure(ReadSensitiveCreate);
        byte[] template = context.In.Parameter(2).Sized(MaxTemplate);
        context.In.End();
        TpmReader reader = new TpmReader(template).Parameter(2);
        NewObject request = new(auth, data, TpmPublic.Read(reader, allowNullName: false), [], []);
        if (reader.Remaining != 0)
        {
            throw TPM_RC_SIZE.Parameter(2);
        }

        context.Tpm.Objects.RequireFree();
        TpmObject created;
        byte[] privateArea = [];
        if (context.Entity(1) is null)
        {
            created = MakePrimary(context.Tpm, context.Handle(1), request);
        }
        else
        {
            TpmObject parent = RequireParent(context, 1);
            (TpmPublic publicArea, TpmSensitive sensitive) = Make(parent, request, KeySource.Random);
            created = UnderParent(parent, publicArea, sensitive);
            privateArea = PrivateArea.Protect(parent, publicArea, sensitive);
        }

        context.ResponseHandle = context.Tpm.Objects.Add(created);
        context.Out.Sized(privateArea).SizedStructure(created.Public.Write).Sized(created.Name);
    }

    private static void Load(CommandContext context)
    {
        byte[] wrapped = context.In.Parameter(1).Sized(PrivateArea.MaxSize);
        TpmPublic publicArea = context.In.Parameter(2).SizedStructure(reader => TpmPublic.Read(reader, allowNullName: false));
        context.In.End();
        context.Tpm.Objects.RequireFree();
        if (wrapped.Length == 0)
        {
            throw TPM_RC_SIZE.Parameter(1);
        }

        TpmObject parent = RequireParent(context, 1);
        TpmSensitive sensitive = Numbered(1, () => PrivateArea.Unprotect(parent, publicArea, wrapped));
        CheckAuthSize(sensitive.AuthValue, publicArea.NameAlg, 1);
        Numbered(2, () => TemplateRules.Check(parent, publicArea));
        if (!parent.Public.Has(TPMA_OBJECT.fixedTPM))
        {
            ObjectFactory.CheckBinding(publicArea, sensitive, 2, 1);
        }

        TpmObject loaded = UnderParent(parent, publicArea, sensitive);
        context.ResponseHandle = context.Tpm.Objects.Add(loaded);
        context.Out.Sized(loaded.Name);
    }

    private static void LoadExternal(CommandContext context)
    {
        TpmSensitive? sensitive = context.In.Parameter(1).SizedStructureOrEmpty(TpmSensitive.Read);
        TpmPublic publicArea = context.In.Parameter(2).SizedStructure(reader => TpmPublic.Read(reader, allowNullName: true));
        uint hierarchy = context.In.Parameter(3).UInt32();
        if (!HandleArea.Is(HandleKind.Hierarchy, hierarchy))
        {
            throw TPM_RC_VALUE.Parameter(3);
        }

        context.In.End();
        context.Tpm.Objects.RequireFree();
        if (!context.Tpm.IsHierarchyEnabled(hierarchy) || (sensitive is not null && hierarchy != TPM_RH_NULL))
        {
            throw TPM_RC_HIERARCHY.Parameter(3);
        }

        const TPMA_OBJECT NotExternal = TPMA_OBJECT.fixedTPM | TPMA_OBJECT.fixedParent | TPMA_OBJECT.restricted;
        if (sensitive is not null && publicArea.Has(NotExternal))
        {
            throw TPM_RC_ATTRIBUTES.Parameter(2);
        }

        if (sensitive is null || publicArea.NameAlg == TPM_ALG_NULL)
        {
            Numbered(2, () => TemplateRules.CheckSchemes(null, publicArea));
        }
        else
        {
            CheckAuthSize(sensitive.AuthValue, publicArea.NameAlg, 1);
            Numbered(2, () => TemplateRules.Check(null, publicArea));
        }

        ObjectFactory.CheckBinding(publicArea, sensitive, 2, 1);
        TpmObject loaded = new(publicArea, sensitive)
        {
            Hierarchy = hierarchy,
            IsExternal = true,
            QualifiedName = publicArea.ComputeName(),
        };
        context.ResponseHandle = context.Tpm.Objects.Add(loaded);
        context.Out.Sized(loaded.Name);
    }

    private static void ReadPublic(CommandContext context)
    {
        context.In.End();
        TpmObject target = context.Entity(1) as TpmObject ?? throw TPM_RC_SEQUENCE.Error();
        context.Out.SizedStructure(target.Public.Write).Sized(target.Name).Sized(target.QualifiedName);
    }

    private static void ObjectChangeAuth(CommandContext context)
    {
        byte[] newAuth = Bytes.TrimAuth(context.In.Parameter(1).Sized(Hash.MaxSize));
        context.In.End();
        TpmObject target = context.Object(1);
        TpmObject parent = context.Object(2);
        CheckAuthSize(newAuth, target.Public.NameAlg, 1);
        byte[] qualified = TpmObject.QualifyName(target.Public.NameAlg, parent.QualifiedName, target.Name);
        if (!qualified.AsSpan().SequenceEqual(target.QualifiedName) || parent.Sensitive is null)
        {
            throw TPM_RC_TYPE.Handle(2);
        }

        context.Out.Sized(PrivateArea.Protect(parent, target.Public, target.Sensitive! with { AuthValue = newAuth }));
    }

    private static void Unseal(CommandContext context)
    {
        context.In.End();
        TpmObject target = context.Object(1);
        if (target.Public.Type != TPM_ALG_KEYEDHASH)
        {
            throw TPM_RC_TYPE.Handle(1);
        }

        if (target.Public.Has(TPMA_OBJECT.decrypt | TPMA_OBJECT.sign | TPMA_OBJECT.restricted))
        {
            throw TPM_RC_ATTRIBUTES.Handle(1);
        }

        context.Out.Sized(target.Sensitive!.Value);
    }

    /// <summary>The object under handle <paramref name="number"/>, which must be a storage key.</summary>
    internal static TpmObject RequireParent(CommandContext context, int number)
    {
        TpmObject parent = context.Object(number);
        return parent.Public.IsParent && parent.Sensitive is not null ? parent : throw TPM_RC_TYPE.Handle(number);
    }

    /// <summary>Runs <paramref name="check"/>; its unnumbered failures get the number of the parameter.</summary>
    internal static void Numbered(int number, Action check)
    {
        try
        {
            check();
        }
        catch (TpmError error)
        {
            throw error.ResponseCode.Parameter(number);
        }
    }

    /// <summary>Runs <paramref name="compute"/>; its unnumbered failures get the number of the parameter.</summary>
    internal static T Numbered<T>(int number, Func<T> compute)
    {
        try
        {
            return compute();
        }
        catch (TpmError error)
        {
            throw error.ResponseCode.Parameter(number);
        }
    }

    /// <summary>An authValue is at most as long as a digest of nameAlg.</summary>
    internal static void CheckAuthSize(byte[] authValue, TPM_ALG_ID nameAlg, int number)
    {
        int max = nameAlg == TPM_ALG_NULL ? Hash.MaxSize : Hash.Size(nameAlg);
        if (Bytes.TrimAuth(authValue).Length > max)
        {
            throw TPM_RC_SIZE.Parameter(number);
        }
    }

    private const int MaxTemplate = 1024;

    private static NewObject ReadRequest(CommandContext context)
    {
        (byte[] auth, byte[] data) = context.In.Parameter(1).SizedStructure(ReadSensitiveCreate);
        TpmPublic template = context.In.Parameter(2).SizedStructure(reader => TpmPublic.Read(reader, allowNullName: false));
        byte[] outsideInfo = context.In.Parameter(3).Sized(MaxOutsideInfo);
        IReadOnlyList<PcrSelection> pcrs = PcrSelection.ReadList(context.In.Parameter(4));
        context.In.End();
        return new NewObject(auth, data, template, outsideInfo, pcrs);
    }

    private static (byte[] Auth, byte[] Data) ReadSensitiveCreate(TpmReader reader)
    {
        byte[] auth = reader.Sized(Hash.MaxSize);
        return (auth, reader.Sized(Limits.MaxSymData));
    }

    private static (TpmPublic Public, TpmSensitive Sensitive) Make(TpmObject? parent, NewObject request, KeySource source)
    {
        Numbered(2, () => TemplateRules.CheckCreation(parent, request.Template, request.Data.Length));
        byte[] auth = Bytes.TrimAuth(request.Auth);
        CheckAuthSize(auth, request.Template.NameAlg, 1);
        return ObjectFactory.Create(request.Template, auth, request.Data, source);
    }

    private static TpmObject MakePrimary(TpmState tpm, uint hierarchy, NewObject request)
    {
        KeySource source = KeySource.Primary(tpm.FindHierarchy(hierarchy)!.Seed, request.Template.ComputeName(), request.Data);
        (TpmPublic publicArea, TpmSensitive sensitive) = Make(null, request, source);
        return new TpmObject(publicArea, sensitive)
        {
            Hierarchy = hierarchy,
            IsPrimary = true,
            IsStClear = publicArea.Has(TPMA_OBJECT.stClear),
            QualifiedName = TpmObject.QualifyName(publicArea.NameAlg, Bytes.UInt32(hierarchy), publicArea.ComputeName()),
        };
    }

    private static TpmObject UnderParent(TpmObject parent, TpmPublic publicArea, TpmSensitive sensitive) =>
        new(publicArea, sensitive)
        {
            Hierarchy = parent.Hierarchy,
            IsExternal = parent.IsExternal,
            IsStClear = parent.IsStClear || publicArea.Has(TPMA_OBJECT.stClear),
            QualifiedName = TpmObject.QualifyName(publicArea.NameAlg, parent.QualifiedName, publicArea.ComputeName()),
        };

    private sealed record NewObject(
        byte[] Auth, byte[] Data, TpmPublic Template, byte[] OutsideInfo, IReadOnlyList<PcrSelection> Pcrs);
}
