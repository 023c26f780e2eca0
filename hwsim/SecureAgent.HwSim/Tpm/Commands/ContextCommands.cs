namespace SecureAgent.HwSim.Tpm.Commands;

/// <summary>Part 3, 28: context management.</summary>
internal static class ContextCommands
{
    /// <summary>The commands of this file.</summary>
    public static IEnumerable<CommandDefinition> All =>
    [
        new(TPM_CC_ContextSave, ContextSave, new HandleSlot(HandleKind.Context)) { NoSessions = true },
        new(TPM_CC_ContextLoad, ContextLoad) { NoSessions = true, ReturnsHandle = true },
        new(TPM_CC_FlushContext, FlushContext) { NoSessions = true },
        new(TPM_CC_EvictControl, EvictControl,
            new HandleSlot(HandleKind.Provision, AuthRole.User), new HandleSlot(HandleKind.Object))
        {
            Nv = true,
        },
    ];

    private static void ContextSave(CommandContext context)
    {
        context.In.End();
        uint handle = context.Handle(1);
        ulong sequence = ++context.Tpm.ContextCounter;
        SavedContext saved;
        if (context.Entity(1) is LoadedEntity entity)
        {
            saved = SavedContext.OfEntity(context.Tpm, entity, sequence);
        }
        else
        {
            TpmSession session = context.Tpm.Sessions.FindLoaded(handle)!;
            saved = SavedContext.OfSession(context.Tpm, session, sequence);
            context.Tpm.Sessions.MarkSaved(session, sequence);
        }

        saved.Write(context.Out);
    }

    private static void ContextLoad(CommandContext context)
    {
        SavedContext saved = SavedContext.Read(context.In.Parameter(1));
        context.In.End();
        if (TypeOf(saved.Handle) == TPM_HT.TPM_HT_TRANSIENT)
        {
            context.ResponseHandle = context.Tpm.Objects.Add(saved.OpenEntity(context.Tpm));
            return;
        }

        TpmSession session = saved.OpenSession(context.Tpm);
        if (!context.Tpm.Sessions.IsSaved(session.Handle, saved.Sequence))
        {
            throw TPM_RC_HANDLE.Parameter(1);
        }

        context.Tpm.Sessions.RequireFree();
        context.Tpm.Sessions.Add(session);
        context.ResponseHandle = session.Handle;
    }

    private static void FlushContext(CommandContext context)
    {
        uint handle = context.In.Parameter(1).UInt32();
        if (!HandleArea.Is(HandleKind.Context, handle))
        {
            throw TPM_RC_VALUE.Parameter(1);
        }

        context.In.End();
        if (ObjectSlots.IsTransient(handle))
        {
            if (context.Tpm.Objects.Find(handle) is null)
            {
                throw TPM_RC_HANDLE.Parameter(1);
            }

            context.Tpm.Objects.Flush(handle);
        }
        else if (!context.Tpm.Sessions.Flush(handle))
        {
            throw TPM_RC_HANDLE.Parameter(1);
        }
    }

    private static void EvictControl(CommandContext context)
    {
        uint persistentHandle = context.In.Parameter(1).UInt32();
        if (persistentHandle is < PERSISTENT_FIRST or > PERSISTENT_LAST)
        {
            throw TPM_RC_VALUE.Parameter(1);
        }

        context.In.End();
        TpmObject target = context.Entity(2) as TpmObject ?? throw TPM_RC_ATTRIBUTES.Handle(2);
        if (target.Hierarchy == TPM_RH_NULL || target.IsStClear || target.IsExternal || target.Sensitive is null)
        {
            throw TPM_RC_ATTRIBUTES.Handle(2);
        }

        bool isPersistent = TypeOf(context.Handle(2)) == TPM_HT.TPM_HT_PERSISTENT;
        if (isPersistent && context.Handle(2) != persistentHandle)
        {
            throw TPM_RC_HANDLE.Handle(2);
        }

        CheckEvictAuthority(context.Handle(1), target, persistentHandle, isPersistent);
        PersistentState persistent = context.Tpm.Persistent;
        if (isPersistent)
        {
            persistent.Objects.Remove(persistentHandle);
        }
        else
        {
            Persist(persistent, persistentHandle, target);
        }

        persistent.Touch();
    }

    private static void Persist(PersistentState persistent, uint handle, TpmObject target)
    {
        if (persistent.Objects.ContainsKey(handle))
        {
            throw TPM_RC_NV_DEFINED.Error();
        }

        if (persistent.Objects.Count >= Limits.PersistentObjects)
        {
            throw TPM_RC_NV_SPACE.Error();
        }

        persistent.Objects.Add(handle, ObjectLayout.Save(target));
    }

    private static void CheckEvictAuthority(uint authority, TpmObject target, uint handle, bool isPersistent)
    {
        bool isPlatformHandle = handle >= PLATFORM_PERSISTENT;
        bool isPlatformObject = target.Hierarchy == TPM_RH_PLATFORM;
        if (authority == TPM_RH_PLATFORM)
        {
            // The platform may delete any persistent object, and make its own persistent.
            if (!isPersistent && !isPlatformObject)
            {
                throw TPM_RC_HIERARCHY.Handle(2);
            }

            if (!isPersistent && !isPlatformHandle)
            {
                throw TPM_RC_RANGE.Parameter(1);
            }

            return;
        }

        if (isPlatformObject)
        {
            throw TPM_RC_HIERARCHY.Handle(2);
        }

        if (!isPersistent && isPlatformHandle)
        {
            throw TPM_RC_RANGE.Parameter(1);
        }
    }
}
