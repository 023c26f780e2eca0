namespace SecureAgent.HwSim.Tpm;

/// <summary>Capability groups (Part 2, 6.12).</summary>
internal enum TPM_CAP : uint
{
    TPM_CAP_ALGS = 0x0,
    TPM_CAP_HANDLES = 0x1,
    TPM_CAP_COMMANDS = 0x2,
    TPM_CAP_PP_COMMANDS = 0x3,
    TPM_CAP_AUDIT_COMMANDS = 0x4,
    TPM_CAP_PCRS = 0x5,
    TPM_CAP_TPM_PROPERTIES = 0x6,
    TPM_CAP_PCR_PROPERTIES = 0x7,
    TPM_CAP_ECC_CURVES = 0x8,
    TPM_CAP_AUTH_POLICIES = 0x9,
    TPM_CAP_ACT = 0xA,
}
