namespace SecureAgent.HwSim.Tpm;

/// <summary>Startup types (Part 2, 6.10).</summary>
internal enum TPM_SU : ushort
{
    TPM_SU_CLEAR = 0,
    TPM_SU_STATE = 1,
}
