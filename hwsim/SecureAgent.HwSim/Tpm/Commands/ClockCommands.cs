namespace SecureAgent.HwSim.Tpm.Commands;

/// <summary>Part 3, 29: the clock.</summary>
internal static class ClockCommands
{
    /// <summary>Clock may be set no further: it would not last for the life of the TPM.</summary>
    private const ulong MaxClock = 0xFFFF_0000_0000_0000;

    /// <summary>The commands of this file.</summary>
    public static IEnumerable<CommandDefinition> All =>
    [
        new(TPM_CC_ReadClock, ReadClock),
        new(TPM_CC_ClockSet, ClockSet, new HandleSlot(HandleKind.Provision, AuthRole.User)) { Nv = true },
    ];

    private static void ReadClock(CommandContext context)
    {
        context.In.End();
        context.Out.UInt64(context.Tpm.Clock.Time);
        context.Tpm.Clock.WriteInfo(context.Out);
    }

    private static void ClockSet(CommandContext context)
    {
        ulong value = context.In.Parameter(1).UInt64();
        context.In.End();
        if (value > MaxClock || value < context.Tpm.Clock.Clock)
        {
            throw TPM_RC_VALUE.Parameter(1);
        }

        context.Tpm.Clock.Set(value);
        context.Tpm.Persistent.Touch();
    }
}
