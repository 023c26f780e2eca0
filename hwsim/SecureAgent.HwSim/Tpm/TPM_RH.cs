namespace SecureAgent.HwSim.Tpm;

/// <summary>Permanent handles and the bounds of the handle ranges (Part 2, 7.4 and 7.5).</summary>
internal static class TPM_RH
{
    public const uint TPM_RH_OWNER = 0x4000_0001;
    public const uint TPM_RH_NULL = 0x4000_0007;
    public const uint TPM_RH_UNASSIGNED = 0x4000_0008;
    public const uint TPM_RS_PW = 0x4000_0009;
    public const uint TPM_RH_LOCKOUT = 0x4000_000A;
    public const uint TPM_RH_ENDORSEMENT = 0x4000_000B;
    public const uint TPM_RH_PLATFORM = 0x4000_000C;
    public const uint TPM_RH_PLATFORM_NV = 0x4000_000D;

    public const uint TPM_RH_ACT_0 = 0x4000_0110;
    public const uint TPM_RH_ACT_F = 0x4000_011F;

    public const uint NV_INDEX_FIRST = 0x0100_0000;
    public const uint HMAC_SESSION_FIRST = 0x0200_0000;
    public const uint POLICY_SESSION_FIRST = 0x0300_0000;
    public const uint TRANSIENT_FIRST = 0x8000_0000;
    public const uint PERSISTENT_FIRST = 0x8100_0000;
    public const uint PLATFORM_PERSISTENT = 0x8180_0000;
    public const uint PERSISTENT_LAST = 0x81FF_FFFF;

    /// <summary>The type of <paramref name="handle"/>.</summary>
    public static TPM_HT TypeOf(uint handle) => (TPM_HT)(handle >> 24);
}
