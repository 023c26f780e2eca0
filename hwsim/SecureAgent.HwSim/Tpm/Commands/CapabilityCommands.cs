namespace SecureAgent.HwSim.Tpm.Commands;

/// <summary>Part 3, 30: capabilities.</summary>
internal static class CapabilityCommands
{
    /// <summary>The commands of this file.</summary>
    public static IEnumerable<CommandDefinition> All =>
    [
        new(TPM_CC_GetCapability, GetCapability),
    ];

    private static void GetCapability(CommandContext context)
    {
        TPM_CAP capability = (TPM_CAP)context.In.Parameter(1).UInt32();
        uint property = context.In.Parameter(2).UInt32();
        uint count = context.In.Parameter(3).UInt32();
        context.In.End();
        if (!Enum.IsDefined(capability))
        {
            throw TPM_RC_VALUE.Parameter(1);
        }

        TpmWriter list = new();
        bool more = new Capabilities(context.Tpm).Write(list, capability, property, count);
        context.Out.YesNo(more).UInt32((uint)capability).Bytes(list.ToArray());
    }
}
