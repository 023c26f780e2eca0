namespace SecureAgent.HwSim.Tpm.Commands;

/// <summary>Part 3, 9 and 10: start-up and testing.</summary>
internal static class StartupCommands
{
    /// <summary>The commands of this file.</summary>
    public static IEnumerable<CommandDefinition> All =>
    [
        new(TPM_CC_Startup, Startup) { NoSessions = true, Nv = true },
        new(TPM_CC_Shutdown, Shutdown) { Nv = true },
        new(TPM_CC_SelfTest, SelfTest) { Nv = true },
        new(TPM_CC_IncrementalSelfTest, IncrementalSelfTest) { Nv = true },
        new(TPM_CC_GetTestResult, GetTestResult) { EncryptFirst = true },
    ];

    private static void Startup(CommandContext context)
    {
        TPM_SU type = ReadType(context);
        context.Tpm.Startup(type, context.Locality);
    }

    private static void Shutdown(CommandContext context)
    {
        TPM_SU type = ReadType(context);
        PersistentState persistent = context.Tpm.Persistent;
        persistent.Shutdown = type;
        persistent.SavedVolatile = type == TPM_SU.TPM_SU_STATE ? VolatileLayout.Save(context.Tpm) : [];
        persistent.Clock = context.Tpm.Clock.Clock;
        persistent.Touch();
    }

    private static void SelfTest(CommandContext context)
    {
        context.In.Parameter(1).YesNo();
        context.In.End();
    }

    private static void IncrementalSelfTest(CommandContext context)
    {
        TpmReader reader = context.In.Parameter(1);
        for (uint left = reader.UInt32(); left > 0; left--)
        {
            TPM_ALG_ID algorithm = (TPM_ALG_ID)reader.UInt16();
            if (!AlgorithmTable.All.ContainsKey(algorithm))
            {
                throw TPM_RC_VALUE.Parameter(1);
            }
        }

        reader.End();

        // Everything has been tested: the toDoList is empty.
        context.Out.UInt32(0);
    }

    private static void GetTestResult(CommandContext context)
    {
        context.In.End();
        context.Out.Sized([]).UInt32((uint)TPM_RC_SUCCESS);
    }

    private static TPM_SU ReadType(CommandContext context)
    {
        TPM_SU type = (TPM_SU)context.In.Parameter(1).UInt16();
        if (type is not (TPM_SU.TPM_SU_CLEAR or TPM_SU.TPM_SU_STATE))
        {
            throw TPM_RC_VALUE.Parameter(1);
        }

        context.In.End();
        return type;
    }
}
