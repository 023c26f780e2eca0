using System.Security.Cryptography;
using SecureAgent.Core;
using SecureAgent.Wire;

namespace SecureAgent.Backends.Software;

/// <summary>Makes keys of OpenSSL, straight from secret memory: without an encoding in between no copy is left in
/// one.</summary>
internal sealed unsafe class OpenSslKeyFactory : IUsableKeyFactory
{
    /// <inheritdoc/>
    public IUsableKey Load(PublicKey key, Span<byte> encoded)
    {
        try
        {
            return key switch
            {
                RsaPublicKey rsa => OpenSslRsaKey.Load(rsa, new RsaPrivateNumbers(encoded, rsa.Modulus.Length))
                    ?? (IUsableKey)new OpenSslKey(LoadRsa(rsa, encoded), rsa.Modulus.Length),
                EcdsaPublicKey ecdsa => new OpenSslEcdsaKey(LoadEcdsa(ecdsa, encoded), ecdsa.Curve),
                Ed25519PublicKey => new OpenSslKey(LoadEd25519(encoded), Ed25519.SignatureSizeBytes),
                MlDsa44Ed25519PublicKey => new CompositeKey(
                    encoded[..MlDsa44Ed25519.SeedSizeBytes],
                    new OpenSslKey(LoadEd25519(encoded[MlDsa44Ed25519.SeedSizeBytes..]), Ed25519.SignatureSizeBytes)),
                _ => throw new ArgumentException("Not a type that is encoded here.", nameof(key)),
            };
        }
        catch (CryptographicException exception)
        {
            throw new BackendException($"OpenSSL does not take the key {key}. The key file is damaged; "
                + "restore it from a backup.", exception);
        }
    }

    private static nint LoadRsa(RsaPublicKey key, Span<byte> encoded)
    {
        RsaPrivateNumbers numbers = new(encoded, key.Modulus.Length);
        Span<byte> modulus = key.Modulus.ToArray();
        Span<byte> exponent = key.Exponent.ToArray();
        fixed (byte* n = Native(modulus), e = Native(exponent), d = Native(numbers.D), p = Native(numbers.P),
            q = Native(numbers.Q), dp = Native(numbers.ExponentP), dq = Native(numbers.ExponentQ),
            inverseQ = Native(numbers.InverseQ))
        {
            int half = numbers.P.Length;
            OsslParam* parameters = stackalloc[]
            {
                OsslParam.Number("n"u8, n, modulus.Length),
                OsslParam.Number("e"u8, e, exponent.Length),
                OsslParam.Number("d"u8, d, numbers.D.Length),
                OsslParam.Number("rsa-factor1"u8, p, half),
                OsslParam.Number("rsa-factor2"u8, q, half),
                OsslParam.Number("rsa-exponent1"u8, dp, half),
                OsslParam.Number("rsa-exponent2"u8, dq, half),
                OsslParam.Number("rsa-coefficient1"u8, inverseQ, half),
                default,
            };
            return FromData("RSA"u8, parameters);
        }
    }

    private static nint LoadEcdsa(EcdsaPublicKey key, Span<byte> encoded)
    {
        ReadOnlySpan<byte> group = key.Curve.SizeBits switch { 256 => "P-256"u8, 384 => "P-384"u8, _ => "P-521"u8 };
        fixed (byte* name = group, point = key.Point.Span, d = Native(encoded))
        {
            OsslParam* parameters = stackalloc[]
            {
                OsslParam.Text("group"u8, name, group.Length),
                OsslParam.Octets("pub"u8, point, key.Point.Length),
                OsslParam.Number("priv"u8, d, encoded.Length),
                default,
            };
            return FromData("EC"u8, parameters);
        }
    }

    // OpenSSL takes the seed alone and computes the public key itself, so that a wrong one cannot leak the seed.
    private static nint LoadEd25519(ReadOnlySpan<byte> seed)
    {
        fixed (byte* start = seed)
        {
            nint key = LibCrypto.EVP_PKEY_new_raw_private_key(
                LibCrypto.EVP_PKEY_ED25519, 0, start, (nuint)seed.Length);
            // The first key has its seed on the ordinary heap, and only its duplicate on the secure one.
            nint duplicate = key == 0 ? 0 : LibCrypto.EVP_PKEY_dup(key);
            LibCrypto.EVP_PKEY_free(key);
            return duplicate != 0 ? duplicate : throw LibCrypto.Failed("EVP_PKEY_new_raw_private_key");
        }
    }

    private static nint FromData(ReadOnlySpan<byte> type, OsslParam* parameters)
    {
        fixed (byte* name = type)
        {
            nint context = LibCrypto.EVP_PKEY_CTX_new_from_name(0, name, null);
            try
            {
                return context != 0
                    && LibCrypto.EVP_PKEY_fromdata_init(context) == 1
                    && LibCrypto.EVP_PKEY_fromdata(context, out nint key, LibCrypto.EVP_PKEY_KEYPAIR, parameters) == 1
                    ? key
                    : throw LibCrypto.Failed("EVP_PKEY_fromdata");
            }
            finally
            {
                LibCrypto.EVP_PKEY_CTX_free(context);
            }
        }
    }

    /// <summary>Turns a big-endian number into the machine's byte order, where it stands.</summary>
    private static Span<byte> Native(Span<byte> bigEndian)
    {
        if (BitConverter.IsLittleEndian)
        {
            bigEndian.Reverse();
        }

        return bigEndian;
    }
}
