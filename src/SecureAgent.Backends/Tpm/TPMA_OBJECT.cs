namespace SecureAgent.Backends.Tpm;

/// <summary>TPMA_OBJECT (TPM 2.0 Part 2, table 31): attributes of an object.</summary>
[Flags]
internal enum TPMA_OBJECT : uint
{
    None = 0,
    fixedTPM = 1 << 1,
    stClear = 1 << 2,
    fixedParent = 1 << 4,
    sensitiveDataOrigin = 1 << 5,
    userWithAuth = 1 << 6,
    adminWithPolicy = 1 << 7,
    noDA = 1 << 10,
    encryptedDuplication = 1 << 11,
    restricted = 1 << 16,
    decrypt = 1 << 17,
    sign = 1 << 18,
}
