namespace SecureAgent.HwSim.Tpm;

/// <summary>Handle types: the most significant byte of a handle (Part 2, 7.2).</summary>
internal enum TPM_HT : byte
{
    TPM_HT_PCR = 0x00,
    TPM_HT_NV_INDEX = 0x01,
    TPM_HT_HMAC_SESSION = 0x02,
    TPM_HT_POLICY_SESSION = 0x03,
    TPM_HT_PERMANENT = 0x40,
    TPM_HT_TRANSIENT = 0x80,
    TPM_HT_PERSISTENT = 0x81,
}
