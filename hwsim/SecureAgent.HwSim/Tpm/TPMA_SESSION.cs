namespace SecureAgent.HwSim.Tpm;

/// <summary>Session attributes (Part 2, 8.4).</summary>
[Flags]
internal enum TPMA_SESSION : byte
{
    None = 0,
    continueSession = 1 << 0,
    auditExclusive = 1 << 1,
    auditReset = 1 << 2,
    decrypt = 1 << 5,
    encrypt = 1 << 6,
    audit = 1 << 7,
}
