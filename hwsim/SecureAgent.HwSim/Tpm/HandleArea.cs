namespace SecureAgent.HwSim.Tpm;

/// <summary>Reads a command's handle area: first that each handle is of its kind, then that what it names is there.</summary>
internal sealed class HandleArea(TpmState tpm)
{
    /// <summary>The handles and, for objects, what they name.</summary>
    /// <exception cref="TpmError">TPM_RC_VALUE and a handle number for a wrong kind, TPM_RC_REFERENCE_H0 and up for what is
    /// not loaded, TPM_RC_HANDLE for what does not exist, TPM_RC_HIERARCHY for a disabled hierarchy.</exception>
    public (uint[] Handles, LoadedEntity?[] Entities) Read(CommandDefinition definition, TpmReader reader)
    {
        int count = definition.Handles.Length;
        uint[] handles = new uint[count];
        for (int i = 0; i < count; i++)
        {
            if (reader.Remaining < 4)
            {
                throw TPM_RC_INSUFFICIENT.Handle(i + 1);
            }

            handles[i] = reader.UInt32();
            if (!Is(definition.Handles[i].Kind, handles[i]))
            {
                throw TPM_RC_VALUE.Handle(i + 1);
            }
        }

        LoadedEntity?[] entities = new LoadedEntity?[count];
        for (int i = 0; i < count; i++)
        {
            entities[i] = Resolve(handles[i], i);
        }

        return (handles, entities);
    }

    private LoadedEntity? Resolve(uint handle, int index)
    {
        switch (TypeOf(handle))
        {
            case TPM_HT.TPM_HT_PERMANENT when !tpm.IsHierarchyEnabled(handle):
                throw TPM_RC_HIERARCHY.Handle(index + 1);
            case TPM_HT.TPM_HT_TRANSIENT:
                return tpm.Objects.Find(handle) ?? throw Missing(index);
            case TPM_HT.TPM_HT_PERSISTENT:
                return tpm.LoadPersistent(handle) ?? throw TPM_RC_HANDLE.Handle(index + 1);
            case TPM_HT.TPM_HT_HMAC_SESSION or TPM_HT.TPM_HT_POLICY_SESSION:
                TpmSession session = tpm.Sessions.FindSlot(handle) ?? throw Missing(index);
                return session.Handle == handle ? null : throw TPM_RC_HANDLE.Handle(index + 1);
            case TPM_HT.TPM_HT_NV_INDEX:
                tpm.Nv.RequireAccessible(handle, index + 1, tpm.Persistent.Owner.Enabled);
                return null;
            default:
                return null;
        }
    }

    private static TpmError Missing(int index) => ((TPM_RC)((uint)TPM_RC_REFERENCE_H0 + (uint)index)).Error();

    /// <summary>Whether <paramref name="handle"/> may stand where <paramref name="kind"/> is wanted; nothing is looked up.</summary>
    public static bool Is(HandleKind kind, uint handle) => kind switch
    {
        HandleKind.Object => IsObject(handle),
        HandleKind.ObjectOrNull => IsObject(handle) || handle == TPM_RH_NULL,
        HandleKind.Parent => IsObject(handle) || IsHierarchy(handle) || handle == TPM_RH_NULL,
        HandleKind.Hierarchy => IsHierarchy(handle) || handle == TPM_RH_NULL,
        HandleKind.HierarchyNotNull => IsHierarchy(handle),
        HandleKind.HierarchyAuth => IsHierarchy(handle) || handle == TPM_RH_LOCKOUT,
        HandleKind.Provision => handle is TPM_RH_OWNER or TPM_RH_PLATFORM,
        HandleKind.Clear => handle is TPM_RH_LOCKOUT or TPM_RH_PLATFORM,
        HandleKind.Lockout => handle == TPM_RH_LOCKOUT,
        HandleKind.Platform => handle == TPM_RH_PLATFORM,
        HandleKind.Endorsement => handle == TPM_RH_ENDORSEMENT,
        HandleKind.Entity => IsEntity(handle),
        HandleKind.EntityOrNull => IsEntity(handle) || handle == TPM_RH_NULL,
        HandleKind.PolicySession => SessionTable.IsPolicyHandle(handle),
        HandleKind.HmacSession => SessionTable.IsHmacHandle(handle),
        HandleKind.Context => ObjectSlots.IsTransient(handle) || SessionTable.IsHmacHandle(handle)
            || SessionTable.IsPolicyHandle(handle),
        HandleKind.Pcr => IsPcr(handle),
        HandleKind.PcrOrNull => IsPcr(handle) || handle == TPM_RH_NULL,
        HandleKind.NvIndex => TypeOf(handle) == TPM_HT.TPM_HT_NV_INDEX,
        HandleKind.NvAuth => TypeOf(handle) == TPM_HT.TPM_HT_NV_INDEX || handle is TPM_RH_OWNER or TPM_RH_PLATFORM,
        _ => false,
    };

    private static bool IsObject(uint handle) =>
        ObjectSlots.IsTransient(handle) || handle is >= PERSISTENT_FIRST and <= PERSISTENT_LAST;

    private static bool IsHierarchy(uint handle) => handle is TPM_RH_OWNER or TPM_RH_ENDORSEMENT or TPM_RH_PLATFORM;

    private static bool IsPcr(uint handle) => handle < PcrBanks.Count;

    private static bool IsEntity(uint handle) =>
        IsObject(handle) || IsHierarchy(handle) || handle == TPM_RH_LOCKOUT || IsPcr(handle)
        || TypeOf(handle) == TPM_HT.TPM_HT_NV_INDEX;
}
