namespace SecureAgent.HwSim.Tpm.Commands;

/// <summary>Part 3, 31: defining, locking and removing NV indices.</summary>
internal static class NvSpaceCommands
{
    private const TPMA_NV Reserved = (TPMA_NV)0x01F0_0300;
    private const TPMA_NV SetByTheTpm = TPMA_NV.WRITTEN | TPMA_NV.WRITELOCKED | TPMA_NV.READLOCKED;
    private const TPMA_NV Readers = TPMA_NV.OWNERREAD | TPMA_NV.PPREAD | TPMA_NV.AUTHREAD | TPMA_NV.POLICYREAD;
    private const TPMA_NV Writers = TPMA_NV.OWNERWRITE | TPMA_NV.PPWRITE | TPMA_NV.AUTHWRITE | TPMA_NV.POLICYWRITE;
    private const TPMA_NV NotForPins = TPMA_NV.AUTHWRITE | TPMA_NV.GLOBALLOCK | TPMA_NV.WRITEDEFINE;

    /// <summary>The commands of this file.</summary>
    public static IEnumerable<CommandDefinition> All =>
    [
        new(TPM_CC_NV_DefineSpace, DefineSpace, new HandleSlot(HandleKind.Provision, AuthRole.User))
        {
            DecryptFirst = true, Nv = true,
        },
        new(TPM_CC_NV_UndefineSpace, UndefineSpace,
            new HandleSlot(HandleKind.Provision, AuthRole.User), new HandleSlot(HandleKind.NvIndex)) { Nv = true },
        new(TPM_CC_NV_ReadPublic, ReadPublic, new HandleSlot(HandleKind.NvIndex)) { EncryptFirst = true },
        new(TPM_CC_NV_WriteLock, WriteLock,
            new HandleSlot(HandleKind.NvAuth, AuthRole.User), new HandleSlot(HandleKind.NvIndex)) { Nv = true },
        new(TPM_CC_NV_ReadLock, ReadLock,
            new HandleSlot(HandleKind.NvAuth, AuthRole.User), new HandleSlot(HandleKind.NvIndex)) { Nv = true },
        new(TPM_CC_NV_ChangeAuth, ChangeAuth, new HandleSlot(HandleKind.NvIndex, AuthRole.Admin))
        {
            DecryptFirst = true, Nv = true,
        },
    ];

    private static void DefineSpace(CommandContext context)
    {
        byte[] auth = Bytes.TrimAuth(context.In.Parameter(1).Sized(Hash.MaxSize));
        NvIndex index = context.In.Parameter(2).SizedStructure(ReadIndex);
        context.In.End();
        int nameSize = Hash.Size(index.NameAlg);
        if (index.AuthPolicy.Length != 0 && index.AuthPolicy.Length != nameSize)
        {
            throw TPM_RC_SIZE.Parameter(2);
        }

        if (auth.Length > nameSize)
        {
            throw TPM_RC_SIZE.Parameter(1);
        }

        CheckType(index, nameSize);
        CheckAttributes(index, context.Handle(1) == TPM_RH_PLATFORM);
        PersistentState persistent = context.Tpm.Persistent;
        if (context.Tpm.Nv.Find(index.Index) is not null)
        {
            throw TPM_RC_NV_DEFINED.Error();
        }

        if (context.Tpm.Nv.All.Count() >= Limits.NvIndices)
        {
            throw TPM_RC_NV_SPACE.Error();
        }

        index.AuthValue = auth;
        context.Tpm.Nv.Add(index);
        persistent.Touch();
    }

    private static NvIndex ReadIndex(TpmReader reader)
    {
        uint handle = reader.UInt32();
        if (!HandleArea.Is(HandleKind.NvIndex, handle))
        {
            throw reader.Fail(TPM_RC_VALUE);
        }

        TPM_ALG_ID nameAlg = SchemeDef.ReadHash(reader);
        TPMA_NV attributes = (TPMA_NV)reader.UInt32();
        if ((attributes & Reserved) != 0)
        {
            throw reader.Fail(TPM_RC_RESERVED_BITS);
        }

        byte[] policy = reader.Sized(Hash.MaxSize);
        ushort size = reader.UInt16();
        if (size > Limits.MaxNvIndexSize)
        {
            throw reader.Fail(TPM_RC_SIZE);
        }

        byte[] data = new byte[size];
        data.AsSpan().Fill(NvIndex.ErasedOctet);
        return new NvIndex
        {
            Index = handle,
            NameAlg = nameAlg,
            Attributes = attributes,
            AuthPolicy = policy,
            DataSize = size,
            AuthValue = [],
            Data = data,
        };
    }

    private static void CheckType(NvIndex index, int nameSize)
    {
        int size = index.Type switch
        {
            TPM_NT.TPM_NT_ORDINARY => index.DataSize,
            TPM_NT.TPM_NT_EXTEND => nameSize,
            TPM_NT.TPM_NT_COUNTER or TPM_NT.TPM_NT_BITS => sizeof(ulong),
            TPM_NT.TPM_NT_PIN_FAIL or TPM_NT.TPM_NT_PIN_PASS => sizeof(ulong),
            _ => throw TPM_RC_ATTRIBUTES.Parameter(2),
        };
        if (index.DataSize != size)
        {
            throw TPM_RC_SIZE.Parameter(2);
        }

        bool isPin = index.Type is TPM_NT.TPM_NT_PIN_FAIL or TPM_NT.TPM_NT_PIN_PASS;
        if ((index.IsCounter && index.Has(TPMA_NV.CLEAR_STCLEAR))
            || (index.Type == TPM_NT.TPM_NT_PIN_FAIL && !index.Has(TPMA_NV.NO_DA))
            || (isPin && index.Has(NotForPins)))
        {
            throw TPM_RC_ATTRIBUTES.Parameter(2);
        }
    }

    private static void CheckAttributes(NvIndex index, bool byPlatform)
    {
        if (index.Has(SetByTheTpm) || !index.Has(Readers) || !index.Has(Writers)
            || (index.Has(TPMA_NV.CLEAR_STCLEAR) && index.Has(TPMA_NV.WRITEDEFINE)))
        {
            throw TPM_RC_ATTRIBUTES.Parameter(2);
        }

        if (index.Has(TPMA_NV.PLATFORMCREATE) != byPlatform)
        {
            throw TPM_RC_ATTRIBUTES.Handle(1);
        }

        if (index.Has(TPMA_NV.POLICY_DELETE) && !byPlatform)
        {
            throw TPM_RC_ATTRIBUTES.Parameter(2);
        }

        if (index.DataSize > Limits.MaxBuffer && index.Has(TPMA_NV.WRITEALL))
        {
            throw TPM_RC_SIZE.Parameter(2);
        }
    }

    private static void UndefineSpace(CommandContext context)
    {
        context.In.End();
        NvIndex index = context.Tpm.Nv.Get(context.Handle(2));
        if (index.Has(TPMA_NV.POLICY_DELETE))
        {
            throw TPM_RC_ATTRIBUTES.Handle(2);
        }

        if (context.Handle(1) == TPM_RH_OWNER && index.Has(TPMA_NV.PLATFORMCREATE))
        {
            throw TPM_RC_NV_AUTHORIZATION.Error();
        }

        if (index.IsCounter && index.Has(TPMA_NV.WRITTEN))
        {
            // A counter defined later starts above every counter that was ever there.
            context.Tpm.Nv.HighestCounter = Math.Max(context.Tpm.Nv.HighestCounter, index.Number);
        }

        context.Tpm.Nv.Remove(index.Index);
        context.Tpm.Persistent.Touch();
    }

    private static void ReadPublic(CommandContext context)
    {
        context.In.End();
        NvIndex index = context.Tpm.Nv.Get(context.Handle(1));
        context.Out.SizedStructure(index.WritePublic).Sized(index.Name);
    }

    private static void WriteLock(CommandContext context)
    {
        context.In.End();
        NvIndex index = context.Tpm.Nv.Get(context.Handle(2));
        if (NvAccess.Write(context, index) is TPM_RC refusal)
        {
            // An index that is locked already is no error.
            if (refusal == TPM_RC_NV_LOCKED)
            {
                return;
            }

            throw refusal.Error();
        }

        if (!index.Has(TPMA_NV.WRITEDEFINE | TPMA_NV.WRITE_STCLEAR))
        {
            throw TPM_RC_ATTRIBUTES.Handle(2);
        }

        index.Attributes |= TPMA_NV.WRITELOCKED;
        context.Tpm.Persistent.Touch();
    }

    private static void ReadLock(CommandContext context)
    {
        context.In.End();
        NvIndex index = context.Tpm.Nv.Get(context.Handle(2));
        TPM_RC? refusal = NvAccess.Read(context, index);
        if (refusal == TPM_RC_NV_LOCKED)
        {
            return;
        }

        if (refusal == TPM_RC_NV_AUTHORIZATION)
        {
            throw TPM_RC_NV_AUTHORIZATION.Error();
        }

        if (!index.Has(TPMA_NV.READ_STCLEAR))
        {
            throw TPM_RC_ATTRIBUTES.Handle(2);
        }

        index.Attributes |= TPMA_NV.READLOCKED;
        context.Tpm.Persistent.Touch();
    }

    private static void ChangeAuth(CommandContext context)
    {
        byte[] auth = Bytes.TrimAuth(context.In.Parameter(1).Sized(Hash.MaxSize));
        context.In.End();
        NvIndex index = context.Tpm.Nv.Get(context.Handle(1));
        if (auth.Length > Hash.Size(index.NameAlg))
        {
            throw TPM_RC_SIZE.Parameter(1);
        }

        index.AuthValue = auth;
        context.Tpm.Persistent.Touch();
    }
}
