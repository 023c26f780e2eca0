using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace SecureAgent.Backends.Software;

/// <summary>The calls of OpenSSL 3 that software keys need; its manual pages have the same names. .NET itself loads the
/// same library on Linux.</summary>
internal static unsafe partial class LibCrypto
{
    /// <summary>EVP_PKEY_KEYPAIR: parameters, public and private half.</summary>
    public const int EVP_PKEY_KEYPAIR = 0x87;

    /// <summary>NID_ED25519 in the role of a key type.</summary>
    public const int EVP_PKEY_ED25519 = 1087;

    /// <summary>NID of SHA-1 in a signature.</summary>
    public const int NID_sha1 = 64;

    /// <summary>NID of SHA-256 in a signature.</summary>
    public const int NID_sha256 = 672;

    /// <summary>NID of SHA-512 in a signature.</summary>
    public const int NID_sha512 = 674;

    /// <summary>Keep Montgomery forms of the primes between signatures.</summary>
    public const int RSA_FLAG_CACHE_PRIVATE = 4;

    private const string Library = "libcrypto.so.3";
    private const int SecureHeapBytes = 512 * 1024;
    private const int SmallestSecureBlockBytes = 32;

    private static readonly Lazy<bool> Loaded = new(Load);

    /// <summary>Whether OpenSSL 3 is there. On first use it gets its secure heap: locked memory that no core dump
    /// contains, in which private halves stand, and what its random generators keep.</summary>
    public static bool IsAvailable => Loaded.Value;

    /// <summary>Whether another RSA key may go to the secure heap: half of it is left for elliptic-curve keys and the
    /// random generators, which fail where it is full.</summary>
    public static bool HasSecureRoom => CRYPTO_secure_used() < SecureHeapBytes / 2;

    /// <summary>An exception that names <paramref name="call"/>; OpenSSL's own account of it is dropped.</summary>
    public static CryptographicException Failed(string call)
    {
        ERR_clear_error();
        return new CryptographicException($"OpenSSL refused: {call} failed.");
    }

    [LibraryImport(Library)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    public static partial nint EVP_PKEY_CTX_new_from_name(nint libraryContext, byte* name, byte* properties);

    [LibraryImport(Library)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    public static partial void EVP_PKEY_CTX_free(nint context);

    [LibraryImport(Library)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    public static partial int EVP_PKEY_fromdata_init(nint context);

    [LibraryImport(Library)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    public static partial int EVP_PKEY_fromdata(nint context, out nint key, int selection, OsslParam* parameters);

    [LibraryImport(Library)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    public static partial nint EVP_PKEY_new_raw_private_key(int type, nint engine, byte* key, nuint length);

    [LibraryImport(Library)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    public static partial nint EVP_PKEY_dup(nint key);

    [LibraryImport(Library)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    public static partial void EVP_PKEY_free(nint key);

    [LibraryImport(Library)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    public static partial nint EVP_PKEY_CTX_new_from_pkey(nint libraryContext, EvpKeyHandle key, byte* properties);

    [LibraryImport(Library)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    public static partial int EVP_PKEY_sign_init(EvpContextHandle context);

    [LibraryImport(Library)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    public static partial int EVP_PKEY_sign(
        EvpContextHandle context, byte* signature, ref nuint signatureLength, byte* digest, nuint digestLength);

    [LibraryImport(Library)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    public static partial nint EVP_MD_CTX_new();

    [LibraryImport(Library)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    public static partial void EVP_MD_CTX_free(nint context);

    [LibraryImport(Library)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    public static partial int EVP_DigestSignInit_ex(
        nint context, nint keyContext, byte* digest, nint libraryContext, byte* properties, EvpKeyHandle key,
        OsslParam* parameters);

    [LibraryImport(Library)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    public static partial int EVP_DigestSign(
        nint context, byte* signature, ref nuint signatureLength, byte* data, nuint dataLength);

    [LibraryImport(Library)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    public static partial nint RSA_new();

    [LibraryImport(Library)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    public static partial void RSA_free(nint key);

    [LibraryImport(Library)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    public static partial int RSA_set0_key(RsaHandle key, nint n, nint e, nint d);

    [LibraryImport(Library)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    public static partial int RSA_set0_factors(RsaHandle key, nint p, nint q);

    [LibraryImport(Library)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    public static partial int RSA_set0_crt_params(RsaHandle key, nint exponentP, nint exponentQ, nint inverseQ);

    [LibraryImport(Library)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    public static partial void RSA_clear_flags(RsaHandle key, int flags);

    [LibraryImport(Library)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    public static partial int RSA_sign(
        int hash, byte* digest, uint digestLength, byte* signature, out uint signatureLength, RsaHandle key);

    [LibraryImport(Library)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    public static partial nint BN_secure_new();

    [LibraryImport(Library)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    public static partial nint BN_bin2bn(byte* number, int length, nint result);

    [LibraryImport(Library)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    public static partial void BN_clear_free(nint number);

    private static bool Load()
    {
        if (!NativeLibrary.TryLoad(Library, typeof(LibCrypto).Assembly, DllImportSearchPath.System32, out _))
        {
            return false;
        }

        if (CRYPTO_secure_malloc_initialized() == 0)
        {
            // 0: there is no such heap; 2: it could not be locked. Both work, on weaker memory.
            _ = CRYPTO_secure_malloc_init(SecureHeapBytes, SmallestSecureBlockBytes);
        }

        return true;
    }

    [LibraryImport(Library)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    private static partial int CRYPTO_secure_malloc_initialized();

    [LibraryImport(Library)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    private static partial nuint CRYPTO_secure_used();

    [LibraryImport(Library)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    private static partial int CRYPTO_secure_malloc_init(nuint size, nuint smallestBlock);

    [LibraryImport(Library)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    private static partial void ERR_clear_error();
}
