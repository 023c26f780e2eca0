namespace SecureAgent.HwSim.Tpm;

/// <summary>Attributes of an NV index (Part 2, 13.4). Bits 4 to 7 are the type, TPM_NT.</summary>
[Flags]
internal enum TPMA_NV : uint
{
    None = 0,
    PPWRITE = 1u << 0,
    OWNERWRITE = 1u << 1,
    AUTHWRITE = 1u << 2,
    POLICYWRITE = 1u << 3,
    POLICY_DELETE = 1u << 10,
    WRITELOCKED = 1u << 11,
    WRITEALL = 1u << 12,
    WRITEDEFINE = 1u << 13,
    WRITE_STCLEAR = 1u << 14,
    GLOBALLOCK = 1u << 15,
    PPREAD = 1u << 16,
    OWNERREAD = 1u << 17,
    AUTHREAD = 1u << 18,
    POLICYREAD = 1u << 19,
    NO_DA = 1u << 25,
    ORDERLY = 1u << 26,
    CLEAR_STCLEAR = 1u << 27,
    READLOCKED = 1u << 28,
    WRITTEN = 1u << 29,
    PLATFORMCREATE = 1u << 30,
    READ_STCLEAR = 1u << 31,
}
