using System.Security.Cryptography;

namespace SecureAgent.Backends.Tpm;

/// <summary>How to sign a digest: TPMT_SIG_SCHEME (TPM 2.0 Part 2, 11.2.1.5).</summary>
/// <param name="Scheme"><see cref="TPM_ALG.ECDSA"/> or <see cref="TPM_ALG.RSASSA"/>.</param>
/// <param name="Hash">The hash that made the digest.</param>
internal readonly record struct TpmSignatureScheme(TPM_ALG Scheme, TPM_ALG Hash)
{
    /// <summary>ECDSA over a digest of <paramref name="hash"/>.</summary>
    public static TpmSignatureScheme Ecdsa(HashAlgorithmName hash) => new(TPM_ALG.ECDSA, Alg(hash));

    /// <summary>RSASSA-PKCS1-v1_5 over a digest of <paramref name="hash"/>.</summary>
    public static TpmSignatureScheme RsaPkcs1(HashAlgorithmName hash) => new(TPM_ALG.RSASSA, Alg(hash));

    private static TPM_ALG Alg(HashAlgorithmName hash) => hash.Name switch
    {
        "SHA1" => TPM_ALG.SHA1,
        "SHA256" => TPM_ALG.SHA256,
        "SHA384" => TPM_ALG.SHA384,
        "SHA512" => TPM_ALG.SHA512,
        _ => throw new ArgumentException($"No TPM signs digests of {hash.Name}.", nameof(hash)),
    };
}
