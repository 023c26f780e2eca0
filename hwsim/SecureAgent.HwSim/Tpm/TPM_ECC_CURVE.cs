namespace SecureAgent.HwSim.Tpm;

/// <summary>Curves that this TPM has (Part 2, 6.4).</summary>
internal enum TPM_ECC_CURVE : ushort
{
    TPM_ECC_NONE = 0x0000,
    TPM_ECC_NIST_P256 = 0x0003,
    TPM_ECC_NIST_P384 = 0x0004,
    TPM_ECC_NIST_P521 = 0x0005,
}
