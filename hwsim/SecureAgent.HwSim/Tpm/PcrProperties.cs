namespace SecureAgent.HwSim.Tpm;

/// <summary>What may be done to each PCR (the PC client's assignment), as TPM_CAP_PCR_PROPERTIES lists it.</summary>
internal static class PcrProperties
{
    private static readonly byte[] Controlled = [0x00, 0x00, 0x70];
    private static readonly byte[] StaticPcrs = [0xFF, 0xFF, 0x00];
    private static readonly byte[] StaticAndDebug = [0xFF, 0xFF, 0x81];
    private static readonly byte[] Debug = [0x00, 0x00, 0x81];

    /// <summary>Bitmaps of PCRs by TPM_PT_PCR, in order.</summary>
    public static readonly SortedDictionary<uint, byte[]> All = new()
    {
        [0x00] = StaticPcrs, // TPM_PT_PCR_SAVE
        [0x01] = StaticAndDebug, // TPM_PT_PCR_EXTEND_L0
        [0x02] = Debug, // TPM_PT_PCR_RESET_L0
        [0x03] = [0xFF, 0xFF, 0x91], // TPM_PT_PCR_EXTEND_L1
        [0x04] = Debug, // TPM_PT_PCR_RESET_L1
        [0x05] = [0xFF, 0xFF, 0xFF], // TPM_PT_PCR_EXTEND_L2
        [0x06] = [0x00, 0x00, 0xF1], // TPM_PT_PCR_RESET_L2
        [0x07] = [0xFF, 0xFF, 0x9F], // TPM_PT_PCR_EXTEND_L3
        [0x08] = Debug, // TPM_PT_PCR_RESET_L3
        [0x09] = [0xFF, 0xFF, 0x87], // TPM_PT_PCR_EXTEND_L4
        [0x0A] = [0x00, 0x00, 0x7E], // TPM_PT_PCR_RESET_L4
        [0x11] = [0x00, 0x00, 0xE1], // TPM_PT_PCR_NO_INCREMENT
        [0x12] = [0x00, 0x00, 0x7E], // TPM_PT_PCR_DRTM_RESET
        [0x13] = Controlled, // TPM_PT_PCR_POLICY
        [0x14] = Controlled, // TPM_PT_PCR_AUTH
    };

    /// <summary>PCRs that a policy need not notice: TPM_PT_PCR_NO_INCREMENT.</summary>
    public static byte[] NoIncrement => All[0x11];

    /// <summary>PCRs that may be extended from a locality of 0 to 4.</summary>
    public static byte[] ExtendableFrom(byte locality) => All[0x01 + 2 * (uint)locality];

    /// <summary>PCRs that may be reset from a locality of 0 to 4.</summary>
    public static byte[] ResettableFrom(byte locality) => All[0x02 + 2 * (uint)locality];

    /// <summary>Whether a bitmap has <paramref name="pcr"/>.</summary>
    public static bool Has(byte[] bitmap, int pcr) => (bitmap[pcr / 8] & (1 << (pcr % 8))) != 0;
}
