namespace SecureAgent.Backends.Tpm;

/// <summary>TPM_ECC_CURVE (TPM 2.0 Part 2, table 10): the curves SSH uses.</summary>
internal enum TPM_ECC_CURVE : ushort
{
    NONE = 0x0000,
    NIST_P256 = 0x0003,
    NIST_P384 = 0x0004,
    NIST_P521 = 0x0005,
}
