using System.Security.Cryptography;

namespace SecureAgent.HwSim.Tpm;

/// <summary>The hash algorithms of this TPM.</summary>
internal static class Hash
{
    /// <summary>All of them, weakest first.</summary>
    public static readonly TPM_ALG_ID[] Algorithms = [TPM_ALG_SHA1, TPM_ALG_SHA256, TPM_ALG_SHA384, TPM_ALG_SHA512];

    /// <summary>Octets of the longest digest.</summary>
    public const int MaxSize = 64;

    /// <summary>Whether <paramref name="algorithm"/> is one of <see cref="Algorithms"/>.</summary>
    public static bool IsHash(TPM_ALG_ID algorithm) => Size(algorithm) != 0;

    /// <summary>Octets of a digest; 0 for anything that is not a hash algorithm, TPM_ALG_NULL too.</summary>
    public static int Size(TPM_ALG_ID algorithm) => algorithm switch
    {
        TPM_ALG_SHA1 => 20,
        TPM_ALG_SHA256 => 32,
        TPM_ALG_SHA384 => 48,
        TPM_ALG_SHA512 => 64,
        _ => 0,
    };

    /// <summary>Octets of the compression function's block.</summary>
    public static int BlockSize(TPM_ALG_ID algorithm) => algorithm is TPM_ALG_SHA384 or TPM_ALG_SHA512 ? 128 : 64;

    /// <summary>.NET's name for <paramref name="algorithm"/>.</summary>
    public static HashAlgorithmName NameOf(TPM_ALG_ID algorithm) => algorithm switch
    {
        TPM_ALG_SHA1 => HashAlgorithmName.SHA1,
        TPM_ALG_SHA256 => HashAlgorithmName.SHA256,
        TPM_ALG_SHA384 => HashAlgorithmName.SHA384,
        TPM_ALG_SHA512 => HashAlgorithmName.SHA512,
        _ => throw new ArgumentOutOfRangeException(nameof(algorithm), algorithm, "not a hash algorithm"),
    };

    /// <summary>The digest of <paramref name="parts"/> one after the other.</summary>
    public static byte[] Digest(TPM_ALG_ID algorithm, params ReadOnlySpan<byte[]> parts) =>
        CryptographicOperations.HashData(NameOf(algorithm), Bytes.Concat(parts));

    /// <summary>The HMAC of <paramref name="parts"/> one after the other.</summary>
    public static byte[] Hmac(TPM_ALG_ID algorithm, byte[] key, params ReadOnlySpan<byte[]> parts) =>
        CryptographicOperations.HmacData(NameOf(algorithm), key, Bytes.Concat(parts));
}
