namespace SecureAgent.HwSim.Tpm;

/// <summary>Session types (Part 2, 6.11).</summary>
internal enum TPM_SE : byte
{
    TPM_SE_HMAC = 0x00,
    TPM_SE_POLICY = 0x01,
    TPM_SE_TRIAL = 0x03,
}
