namespace SecureAgent.HwSim.Tpm;

/// <summary>The algorithms and their TPMA_ALGORITHM (Part 2, 8.2), as TPM_CAP_ALGS lists them.</summary>
internal static class AlgorithmTable
{
    private const uint Asymmetric = 1 << 0;
    private const uint Symmetric = 1 << 1;
    private const uint HashFunction = 1 << 2;
    private const uint Object = 1 << 3;
    private const uint Signing = 1 << 8;
    private const uint Encrypting = 1 << 9;
    private const uint Method = 1 << 10;

    /// <summary>In order of the identifiers.</summary>
    public static readonly SortedDictionary<TPM_ALG_ID, uint> All = new()
    {
        [TPM_ALG_RSA] = Asymmetric | Object,
        [TPM_ALG_SHA1] = HashFunction,
        [TPM_ALG_HMAC] = HashFunction | Signing,
        [TPM_ALG_AES] = Symmetric,
        [TPM_ALG_MGF1] = HashFunction | Method,
        [TPM_ALG_KEYEDHASH] = HashFunction | Object | Signing | Encrypting,
        [TPM_ALG_XOR] = HashFunction | Symmetric,
        [TPM_ALG_SHA256] = HashFunction,
        [TPM_ALG_SHA384] = HashFunction,
        [TPM_ALG_SHA512] = HashFunction,
        [TPM_ALG_RSASSA] = Asymmetric | Signing,
        [TPM_ALG_RSAES] = Asymmetric | Encrypting,
        [TPM_ALG_RSAPSS] = Asymmetric | Signing,
        [TPM_ALG_OAEP] = Asymmetric | Encrypting,
        [TPM_ALG_ECDSA] = Asymmetric | Signing,
        [TPM_ALG_ECDH] = Asymmetric | Method,
        [TPM_ALG_KDF1_SP800_56A] = HashFunction | Method,
        [TPM_ALG_KDF2] = HashFunction | Method,
        [TPM_ALG_KDF1_SP800_108] = HashFunction | Method,
        [TPM_ALG_ECC] = Asymmetric | Object,
        [TPM_ALG_SYMCIPHER] = Object,
        [TPM_ALG_CTR] = Symmetric | Encrypting,
        [TPM_ALG_OFB] = Symmetric | Encrypting,
        [TPM_ALG_CBC] = Symmetric | Encrypting,
        [TPM_ALG_CFB] = Symmetric | Encrypting,
        [TPM_ALG_ECB] = Symmetric | Encrypting,
    };
}
