namespace SecureAgent.HwSim.Tpm.Commands;

/// <summary>Part 3, 24 and 25: hierarchies and dictionary attack functions.</summary>
internal static class HierarchyCommands
{
    /// <summary>The commands of this file.</summary>
    public static IEnumerable<CommandDefinition> All =>
    [
        new(TPM_CC_HierarchyControl, HierarchyControl, new HandleSlot(HandleKind.HierarchyNotNull, AuthRole.User))
        {
            Nv = true, Extensive = true,
        },
        new(TPM_CC_Clear, Clear, new HandleSlot(HandleKind.Clear, AuthRole.User)) { Nv = true, Extensive = true },
        new(TPM_CC_ClearControl, ClearControl, new HandleSlot(HandleKind.Clear, AuthRole.User)) { Nv = true },
        new(TPM_CC_HierarchyChangeAuth, HierarchyChangeAuth, new HandleSlot(HandleKind.HierarchyAuth, AuthRole.User))
        {
            Nv = true, DecryptFirst = true,
        },
        new(TPM_CC_SetPrimaryPolicy, SetPrimaryPolicy, new HandleSlot(HandleKind.HierarchyAuth, AuthRole.User))
        {
            Nv = true, DecryptFirst = true,
        },
        new(TPM_CC_DictionaryAttackLockReset, LockReset, new HandleSlot(HandleKind.Lockout, AuthRole.User)) { Nv = true },
        new(TPM_CC_DictionaryAttackParameters, Parameters, new HandleSlot(HandleKind.Lockout, AuthRole.User)) { Nv = true },
    ];

    private static void HierarchyControl(CommandContext context)
    {
        uint enable = context.In.Parameter(1).UInt32();
        if (!HandleArea.Is(HandleKind.HierarchyNotNull, enable) && enable != TPM_RH_PLATFORM_NV)
        {
            throw TPM_RC_VALUE.Parameter(1);
        }

        bool state = context.In.Parameter(2).YesNo();
        context.In.End();
        uint authority = context.Handle(1);

        // Each hierarchy may disable itself; the platform decides over all. None that is disabled can be authorized.
        if (authority != TPM_RH_PLATFORM && authority != enable)
        {
            throw TPM_RC_AUTH_TYPE.Error();
        }

        if (enable == TPM_RH_PLATFORM_NV)
        {
            context.Tpm.Nv.PlatformEnabled = state;
            return;
        }

        context.Tpm.FindHierarchy(enable)!.Enabled = state;
        if (!state)
        {
            context.Tpm.Objects.FlushHierarchy(enable);
        }

        context.Tpm.Persistent.Touch();
    }

    private static void Clear(CommandContext context)
    {
        context.In.End();
        PersistentState persistent = context.Tpm.Persistent;
        if (persistent.DisableClear)
        {
            throw TPM_RC_DISABLED.Error();
        }

        persistent.ClearOwner();
        context.Tpm.Objects.FlushHierarchy(TPM_RH_OWNER);
        context.Tpm.Objects.FlushHierarchy(TPM_RH_ENDORSEMENT);
        context.Tpm.Clock.ClearClock();
        context.Tpm.Pcr.UpdateCounter++;
    }

    private static void ClearControl(CommandContext context)
    {
        bool disable = context.In.Parameter(1).YesNo();
        context.In.End();
        if (context.Handle(1) == TPM_RH_LOCKOUT && !disable)
        {
            throw TPM_RC_AUTH_FAIL.Error();
        }

        context.Tpm.Persistent.DisableClear = disable;
        context.Tpm.Persistent.Touch();
    }

    private static void HierarchyChangeAuth(CommandContext context)
    {
        byte[] newAuth = Bytes.TrimAuth(context.In.Parameter(1).Sized(Hash.MaxSize));
        context.In.End();
        context.Tpm.FindHierarchy(context.Handle(1))!.AuthValue = newAuth;
        context.Tpm.Persistent.Touch();
    }

    private static void SetPrimaryPolicy(CommandContext context)
    {
        byte[] policy = context.In.Parameter(1).Sized(Hash.MaxSize);
        TPM_ALG_ID hash = SchemeDef.ReadHash(context.In.Parameter(2), allowNull: true);
        context.In.End();
        if (policy.Length != Hash.Size(hash))
        {
            throw TPM_RC_SIZE.Parameter(1);
        }

        HierarchySecrets hierarchy = context.Tpm.FindHierarchy(context.Handle(1))!;
        hierarchy.Policy = policy;
        hierarchy.PolicyHash = hash;
        context.Tpm.Persistent.Touch();
    }

    private static void LockReset(CommandContext context)
    {
        context.In.End();
        context.Tpm.Lockout.Reset();
    }

    private static void Parameters(CommandContext context)
    {
        uint maxTries = context.In.Parameter(1).UInt32();
        uint recoveryTime = context.In.Parameter(2).UInt32();
        uint lockoutRecovery = context.In.Parameter(3).UInt32();
        context.In.End();
        PersistentState persistent = context.Tpm.Persistent;
        persistent.MaxTries = maxTries;
        persistent.RecoveryTime = recoveryTime;
        persistent.LockoutRecovery = lockoutRecovery;
        persistent.FailedTries = 0;
        persistent.Touch();
    }
}
