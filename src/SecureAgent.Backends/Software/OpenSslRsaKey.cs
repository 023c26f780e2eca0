using System.Security.Cryptography;
using SecureAgent.Core;
using SecureAgent.Wire;

namespace SecureAgent.Backends.Software;

/// <summary>Signs with an RSA key whose private numbers stand in OpenSSL's secure heap. An EVP_PKEY keeps Montgomery
/// forms of the primes on the ordinary heap for as long as it lives; here each signature makes them anew and zeroes
/// them, which costs no measurable time.</summary>
internal sealed unsafe class OpenSslRsaKey : IUsableKey
{
    private readonly RsaHandle _key;
    private readonly int _signatureBytes;

    private OpenSslRsaKey(RsaHandle key, int signatureBytes) => (_key, _signatureBytes) = (key, signatureBytes);

    /// <summary>Makes a key.</summary>
    /// <returns><see langword="null"/> if the secure heap has no room for it.</returns>
    public static OpenSslRsaKey? Load(RsaPublicKey key, RsaPrivateNumbers numbers)
    {
        if (!LibCrypto.HasSecureRoom)
        {
            return null;
        }

#pragma warning disable CA2000 // The key owns it, or it is disposed below.
        RsaHandle rsa = new(LibCrypto.RSA_new());
#pragma warning restore CA2000
        if (!rsa.IsInvalid && Set(rsa, key.Modulus.Span, key.Exponent.Span, numbers))
        {
            LibCrypto.RSA_clear_flags(rsa, LibCrypto.RSA_FLAG_CACHE_PRIVATE);
            return new OpenSslRsaKey(rsa, key.Modulus.Length);
        }

        rsa.Dispose();
        throw LibCrypto.Failed("RSA_set0_key");
    }

    /// <inheritdoc/>
    public byte[] Sign(SignatureAlgorithm algorithm, ReadOnlySpan<byte> data)
    {
        HashAlgorithmName hash = algorithm.Hash!.Value; // RSA algorithms have a hash.
        Span<byte> digest = stackalloc byte[SHA512.HashSizeInBytes];
        digest = digest[..CryptographicOperations.HashData(hash, data, digest)];
        byte[] signature = new byte[_signatureBytes];
        fixed (byte* digestStart = digest, signatureStart = signature)
        {
            return LibCrypto.RSA_sign(
                    NidOf(hash), digestStart, (uint)digest.Length, signatureStart, out uint length, _key) == 1
                && length == (uint)signature.Length
                ? signature
                : throw new BackendException("Nothing was signed.", LibCrypto.Failed("RSA_sign"));
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _key.Dispose();

    // Each call takes over its numbers. Where one is missing, for want of memory, the first signature shows it.
    private static bool Set(
        RsaHandle rsa, ReadOnlySpan<byte> modulus, ReadOnlySpan<byte> exponent, RsaPrivateNumbers numbers) =>
        LibCrypto.RSA_set0_key(rsa, Public(modulus), Public(exponent), Secure(numbers.D)) == 1
        && LibCrypto.RSA_set0_factors(rsa, Secure(numbers.P), Secure(numbers.Q)) == 1
        && LibCrypto.RSA_set0_crt_params(
            rsa, Secure(numbers.ExponentP), Secure(numbers.ExponentQ), Secure(numbers.InverseQ)) == 1;

    private static nint Public(ReadOnlySpan<byte> number)
    {
        fixed (byte* start = number)
        {
            return LibCrypto.BN_bin2bn(start, number.Length, 0);
        }
    }

    private static nint Secure(ReadOnlySpan<byte> number)
    {
        nint secure = LibCrypto.BN_secure_new();
        fixed (byte* start = number)
        {
            if (secure != 0 && LibCrypto.BN_bin2bn(start, number.Length, secure) != 0)
            {
                return secure;
            }
        }

        LibCrypto.BN_clear_free(secure);
        return 0;
    }

    private static int NidOf(HashAlgorithmName hash) => hash.Name switch
    {
        "SHA1" => LibCrypto.NID_sha1,
        "SHA256" => LibCrypto.NID_sha256,
        "SHA512" => LibCrypto.NID_sha512,
        _ => throw new ArgumentException("Not a hash of an SSH signature.", nameof(hash)),
    };
}
