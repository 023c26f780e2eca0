using System.Security.Cryptography;

namespace SecureAgent.HwSim.Tpm;

/// <summary>Signs and verifies with loaded keys: for TPM2_Sign, TPM2_VerifySignature and the attestation commands.</summary>
internal static class Signing
{
    /// <summary>The scheme that a command uses: the key's own, or else the caller's.</summary>
    /// <returns><see langword="null"/> if there is none, if they contradict each other, or if it is not one for this kind of key (TPM_RC_SCHEME).</returns>
    public static SchemeDef? SelectScheme(TpmObject key, SchemeDef requested)
    {
        SchemeDef own = key.Public.Scheme;
        if (own.Algorithm == TPM_ALG_NULL)
        {
            return IsFor(key.Public.Type, requested.Algorithm) ? requested : null;
        }

        return requested.Algorithm == TPM_ALG_NULL || requested == own ? own : null;
    }

    private static bool IsFor(TPM_ALG_ID type, TPM_ALG_ID scheme) => (type, scheme) is
        (TPM_ALG_RSA, TPM_ALG_RSASSA or TPM_ALG_RSAPSS) or (TPM_ALG_ECC, TPM_ALG_ECDSA) or (TPM_ALG_KEYEDHASH, TPM_ALG_HMAC);

    /// <summary>Signs <paramref name="digest"/>, which is as long as a digest of the scheme's hash.</summary>
    /// <exception cref="TpmError">TPM_RC_SCHEME: not a scheme for this kind of key.</exception>
    public static Signature Sign(TpmObject key, SchemeDef scheme, byte[] digest)
    {
        switch (key.Public.Type, scheme.Algorithm)
        {
            case (TPM_ALG_RSA, TPM_ALG_RSASSA or TPM_ALG_RSAPSS):
                using (RSA rsa = RsaKeys.Import(key.Public, key.Sensitive!.Value))
                {
                    return new Signature(scheme, rsa.SignHash(digest, Hash.NameOf(scheme.Hash), PaddingOf(scheme)), []);
                }

            case (TPM_ALG_ECC, TPM_ALG_ECDSA):
                (byte[] r, byte[] s) = EccKeys.Sign(key, digest);
                return new Signature(scheme, r, s);
            case (TPM_ALG_KEYEDHASH, TPM_ALG_HMAC):
                return new Signature(scheme, Hash.Hmac(scheme.Hash, key.Sensitive!.Value, digest), []);
            default:
                throw TPM_RC_SCHEME.Error();
        }
    }

    /// <summary>Checks a signature.</summary>
    /// <exception cref="TpmError">TPM_RC_SIGNATURE: it is not the key's; TPM_RC_SCHEME: not a scheme for this kind of key;
    /// TPM_RC_HANDLE: an HMAC key without its sensitive area. Without a number.</exception>
    public static void Verify(TpmObject key, Signature signature, byte[] digest)
    {
        SchemeDef scheme = signature.Scheme;
        bool genuine;
        switch (key.Public.Type, scheme.Algorithm)
        {
            case (TPM_ALG_RSA, TPM_ALG_RSASSA or TPM_ALG_RSAPSS):
                using (RSA rsa = RsaKeys.Import(key.Public, null))
                {
                    genuine = digest.Length == Hash.Size(scheme.Hash)
                        && rsa.VerifyHash(digest, signature.First, Hash.NameOf(scheme.Hash), PaddingOf(scheme));
                }

                break;
            case (TPM_ALG_ECC, TPM_ALG_ECDSA):
                genuine = EccKeys.Verify(key.Public, digest, signature.First, signature.Second);
                break;
            case (TPM_ALG_KEYEDHASH, TPM_ALG_HMAC):
                byte[] secret = key.Sensitive?.Value ?? throw TPM_RC_HANDLE.Error();
                genuine = CryptographicOperations.FixedTimeEquals(Hash.Hmac(scheme.Hash, secret, digest), signature.First);
                break;
            default:
                throw TPM_RC_SCHEME.Error();
        }

        if (!genuine)
        {
            throw TPM_RC_SIGNATURE.Error();
        }
    }

    private static RSASignaturePadding PaddingOf(SchemeDef scheme) =>
        scheme.Algorithm == TPM_ALG_RSASSA ? RSASignaturePadding.Pkcs1 : RSASignaturePadding.Pss;
}
