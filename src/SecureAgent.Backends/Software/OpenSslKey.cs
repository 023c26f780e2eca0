using System.Security.Cryptography;
using SecureAgent.Core;
using SecureAgent.Wire;

namespace SecureAgent.Backends.Software;

/// <summary>Signs with a key of OpenSSL whose signatures leave as OpenSSL makes them: Ed25519, and RSA where
/// <see cref="OpenSslRsaKey"/> has no room. The context of a
/// signature holds the key alive, so that it can be disposed at any time.</summary>
internal sealed unsafe class OpenSslKey : IUsableKey
{
    private readonly EvpKeyHandle _key;
    private readonly int _signatureBytes;

    /// <summary>Takes over an EVP_PKEY whose signatures always have <paramref name="signatureBytes"/> bytes.</summary>
    public OpenSslKey(nint key, int signatureBytes)
    {
        _key = new EvpKeyHandle(key);
        _signatureBytes = signatureBytes;
    }

    /// <inheritdoc/>
    public byte[] Sign(SignatureAlgorithm algorithm, ReadOnlySpan<byte> data)
    {
        byte[] signature = new byte[_signatureBytes];
        Sign(algorithm.Hash, data, signature);
        return signature;
    }

    /// <inheritdoc/>
    public void Dispose() => _key.Dispose();

    private void Sign(HashAlgorithmName? hash, ReadOnlySpan<byte> data, Span<byte> signature)
    {
        nint context = LibCrypto.EVP_MD_CTX_new();
        try
        {
            nuint length = (nuint)signature.Length;
            fixed (byte* digest = NameOf(hash), dataStart = data, signatureStart = signature)
            {
                if (context == 0
                    || LibCrypto.EVP_DigestSignInit_ex(context, 0, digest, 0, null, _key, null) != 1
                    || LibCrypto.EVP_DigestSign(
                        context, signatureStart, ref length, dataStart, (nuint)data.Length) != 1
                    || length != (nuint)signature.Length)
                {
                    throw new BackendException("Nothing was signed.", LibCrypto.Failed("EVP_DigestSign"));
                }
            }
        }
        finally
        {
            LibCrypto.EVP_MD_CTX_free(context);
        }
    }

    private static ReadOnlySpan<byte> NameOf(HashAlgorithmName? hash) => hash?.Name switch
    {
        null => [],
        "SHA1" => "SHA1"u8,
        "SHA256" => "SHA256"u8,
        "SHA512" => "SHA512"u8,
        _ => throw new ArgumentException("Not a hash of an SSH signature.", nameof(hash)),
    };
}
