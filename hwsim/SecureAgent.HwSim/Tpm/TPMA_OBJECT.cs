namespace SecureAgent.HwSim.Tpm;

/// <summary>Object attributes (Part 2, 8.3).</summary>
[Flags]
internal enum TPMA_OBJECT : uint
{
    None = 0,
    fixedTPM = 1u << 1,
    stClear = 1u << 2,
    fixedParent = 1u << 4,
    sensitiveDataOrigin = 1u << 5,
    userWithAuth = 1u << 6,
    adminWithPolicy = 1u << 7,
    noDA = 1u << 10,
    encryptedDuplication = 1u << 11,
    restricted = 1u << 16,
    decrypt = 1u << 17,
    sign = 1u << 18,
    x509sign = 1u << 19,
}
