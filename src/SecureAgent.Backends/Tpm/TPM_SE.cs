namespace SecureAgent.Backends.Tpm;

/// <summary>TPM_SE (TPM 2.0 Part 2, table 28): kinds of session.</summary>
internal enum TPM_SE : byte
{
    HMAC = 0x00,
    POLICY = 0x01,
}
