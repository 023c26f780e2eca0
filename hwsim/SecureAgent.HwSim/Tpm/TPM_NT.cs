namespace SecureAgent.HwSim.Tpm;

/// <summary>What an NV index holds (Part 2, 13.2).</summary>
internal enum TPM_NT : uint
{
    TPM_NT_ORDINARY = 0,
    TPM_NT_COUNTER = 1,
    TPM_NT_BITS = 2,
    TPM_NT_EXTEND = 4,
    TPM_NT_PIN_FAIL = 8,
    TPM_NT_PIN_PASS = 9,
}
