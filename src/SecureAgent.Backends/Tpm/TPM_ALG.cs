namespace SecureAgent.Backends.Tpm;

/// <summary>TPM_ALG_ID (TPM 2.0 Part 2, table 9): the algorithms this program names.</summary>
internal enum TPM_ALG : ushort
{
    RSA = 0x0001,
    SHA1 = 0x0004,
    HMAC = 0x0005,
    AES = 0x0006,
    KEYEDHASH = 0x0008,
    SHA256 = 0x000B,
    SHA384 = 0x000C,
    SHA512 = 0x000D,
    NULL = 0x0010,
    RSASSA = 0x0014,
    RSAES = 0x0015,
    RSAPSS = 0x0016,
    OAEP = 0x0017,
    ECDSA = 0x0018,
    ECDH = 0x0019,
    ECDAA = 0x001A,
    SM2 = 0x001B,
    ECSCHNORR = 0x001C,
    KDF1_SP800_56A = 0x0020,
    KDF2 = 0x0021,
    KDF1_SP800_108 = 0x0022,
    ECC = 0x0023,
    SYMCIPHER = 0x0025,
    CFB = 0x0043,
}
