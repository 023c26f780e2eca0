namespace SecureAgent.HwSim.Tpm.Commands;

/// <summary>Whether the handle that authorizes a command may use the NV index (Part 3, 31.1).</summary>
internal static class NvAccess
{
    /// <summary>Why handle 1 of the command may not read <paramref name="index"/>, or <see langword="null"/>.</summary>
    public static TPM_RC? Read(CommandContext context, NvIndex index)
    {
        if (index.Has(TPMA_NV.READLOCKED))
        {
            return TPM_RC_NV_LOCKED;
        }

        if (!IsAllowed(context.Handle(1), index, TPMA_NV.OWNERREAD, TPMA_NV.PPREAD))
        {
            return TPM_RC_NV_AUTHORIZATION;
        }

        return index.Has(TPMA_NV.WRITTEN) ? null : TPM_RC_NV_UNINITIALIZED;
    }

    /// <summary>Why handle 1 of the command may not write <paramref name="index"/>, or
    /// <see langword="null"/>.</summary>
    public static TPM_RC? Write(CommandContext context, NvIndex index)
    {
        if (index.Has(TPMA_NV.WRITELOCKED))
        {
            return TPM_RC_NV_LOCKED;
        }

        return IsAllowed(context.Handle(1), index, TPMA_NV.OWNERWRITE, TPMA_NV.PPWRITE)
            ? null
            : TPM_RC_NV_AUTHORIZATION;
    }

    private static bool IsAllowed(uint authority, NvIndex index, TPMA_NV owner, TPMA_NV platform) => authority switch
    {
        TPM_RH_OWNER => index.Has(owner),
        TPM_RH_PLATFORM => index.Has(platform),
        _ => authority == index.Index,
    };
}
