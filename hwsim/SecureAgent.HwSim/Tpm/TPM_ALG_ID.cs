namespace SecureAgent.HwSim.Tpm;

/// <summary>Algorithm identifiers that this TPM knows (Part 2, 6.3).</summary>
internal enum TPM_ALG_ID : ushort
{
    TPM_ALG_ERROR = 0x0000,
    TPM_ALG_RSA = 0x0001,
    TPM_ALG_SHA1 = 0x0004,
    TPM_ALG_HMAC = 0x0005,
    TPM_ALG_AES = 0x0006,
    TPM_ALG_MGF1 = 0x0007,
    TPM_ALG_KEYEDHASH = 0x0008,
    TPM_ALG_XOR = 0x000A,
    TPM_ALG_SHA256 = 0x000B,
    TPM_ALG_SHA384 = 0x000C,
    TPM_ALG_SHA512 = 0x000D,
    TPM_ALG_NULL = 0x0010,
    TPM_ALG_RSASSA = 0x0014,
    TPM_ALG_RSAES = 0x0015,
    TPM_ALG_RSAPSS = 0x0016,
    TPM_ALG_OAEP = 0x0017,
    TPM_ALG_ECDSA = 0x0018,
    TPM_ALG_ECDH = 0x0019,
    TPM_ALG_KDF1_SP800_56A = 0x0020,
    TPM_ALG_KDF2 = 0x0021,
    TPM_ALG_KDF1_SP800_108 = 0x0022,
    TPM_ALG_ECC = 0x0023,
    TPM_ALG_SYMCIPHER = 0x0025,
    TPM_ALG_CTR = 0x0040,
    TPM_ALG_OFB = 0x0041,
    TPM_ALG_CBC = 0x0042,
    TPM_ALG_CFB = 0x0043,
    TPM_ALG_ECB = 0x0044,
}
