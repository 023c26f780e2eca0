namespace SecureAgent.HwSim.Tpm.Commands;

/// <summary>Part 3, 16: the random number generator.</summary>
internal static class RandomCommands
{
    /// <summary>The commands of this file.</summary>
    public static IEnumerable<CommandDefinition> All =>
    [
        new(TPM_CC_GetRandom, GetRandom) { EncryptFirst = true },
        new(TPM_CC_StirRandom, StirRandom) { DecryptFirst = true, Nv = true },
    ];

    private static void GetRandom(CommandContext context)
    {
        int requested = context.In.Parameter(1).UInt16();
        context.In.End();

        // Never more than the largest digest at once.
        context.Out.Sized(TpmState.Random(Math.Min(requested, Hash.MaxSize)));
    }

    private static void StirRandom(CommandContext context)
    {
        // The operating system's generator needs no stirring: the input is only checked.
        context.In.Parameter(1).Sized(Limits.MaxSymData);
        context.In.End();
    }
}
