namespace SecureAgent.Backends.Tpm;

/// <summary>TPMA_SESSION (TPM 2.0 Part 2, table 32): attributes of a session in one command.</summary>
[Flags]
internal enum TPMA_SESSION : byte
{
    None = 0,
    continueSession = 1 << 0,
    decrypt = 1 << 5,
    encrypt = 1 << 6,
    audit = 1 << 7,
}
