using System.Security.Cryptography;
using SecureAgent.Core;
using SecureAgent.Wire;

namespace SecureAgent.Backends.Tpm;

/// <summary>Signs with an ECDSA or RSA key of the TPM (TPM2_Sign). The core verifies each signature.</summary>
internal sealed class TpmSigner : ISigner
{
    private readonly TpmPinFlow _flow;
    private readonly TpmKeyEntry _key;

    /// <summary>Signs with <paramref name="key"/>, which must be usable.</summary>
    public TpmSigner(TpmPinFlow flow, TpmKeyEntry key) => (_flow, _key) = (flow, key);

    /// <inheritdoc/>
    public async ValueTask<byte[]> SignAsync(
        SignatureAlgorithm algorithm, ReadOnlyMemory<byte> data, SignContext who, CancellationToken ct)
    {
        TpmSignatureScheme scheme = SchemeOf(_key, algorithm);
        // SchemeOf takes none without.
        byte[] digest = CryptographicOperations.HashData(algorithm.Hash!.Value, data.Span);
        return await _flow.RunAsync(_key, who, (tpm, authValue) => Sign(tpm, _key, scheme, digest, authValue), ct)
            .ConfigureAwait(false);
    }

    /// <summary>Signs <paramref name="digest"/> on the device's worker.</summary>
    public static byte[] Sign(
        TpmConnection tpm, TpmKeyEntry key, TpmSignatureScheme scheme, ReadOnlySpan<byte> digest,
        ReadOnlySpan<byte> authValue)
    {
        try
        {
            // A usable key has both halves.
            return tpm.Sign(key.Blobs!, key.ParentKey, scheme, digest, authValue, key.Policy);
        }
        catch (TpmException exception) when (TpmPolicyFailure.Is(exception, key))
        {
            throw TpmPolicyFailure.Explain(exception, key);
        }
    }

    /// <summary>The TPM's scheme for <paramref name="algorithm"/>.</summary>
    /// <exception cref="BackendException">The key does not sign so.</exception>
    public static TpmSignatureScheme SchemeOf(TpmKeyEntry key, SignatureAlgorithm algorithm)
    {
        TpmSignatureScheme? scheme = (key.PublicKey, algorithm.Hash) switch
        {
            (EcdsaPublicKey ecdsa, HashAlgorithmName hash)
                when algorithm.Curve == ecdsa.Curve && !algorithm.IsSecurityKey => TpmSignatureScheme.Ecdsa(hash),
            (RsaPublicKey, HashAlgorithmName hash) when algorithm.IsRsa => TpmSignatureScheme.RsaPkcs1(hash),
            _ => null,
        };
        TpmPublic area = key.Blobs!.Public; // A usable key has both halves.
        bool fits = scheme is TpmSignatureScheme wanted
            && (area.Scheme == TPM_ALG.NULL || (area.Scheme == wanted.Scheme && area.SchemeHash == wanted.Hash));
        if (fits)
        {
            return scheme.GetValueOrDefault();
        }

        string why = area.Scheme == TPM_ALG.NULL
            ? $"it is an {key.Type} key"
            : $"it was made for {area.Scheme} with {area.SchemeHash} only";
        throw new BackendException(
            BackendFailure.Refused, $"The TPM key {key.Name} does not sign with {algorithm.Name}: {why}.");
    }
}
