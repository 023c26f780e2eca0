using SecureAgent.Core;
using SecureAgent.Wire;

namespace SecureAgent.Backends.Tpm;

/// <summary>Signs with an Ed25519 seed that the TPM unseals (TPM2_Unseal) for this one signature.</summary>
internal sealed class SealedEd25519Signer : ISigner
{
    private readonly TpmPinFlow _flow;
    private readonly TpmKeyEntry _key;

    /// <summary>Signs with <paramref name="key"/>, which must be usable and sealed.</summary>
    public SealedEd25519Signer(TpmPinFlow flow, TpmKeyEntry key) => (_flow, _key) = (flow, key);

    /// <inheritdoc/>
    public async ValueTask<byte[]> SignAsync(
        SignatureAlgorithm algorithm, ReadOnlyMemory<byte> data, SignContext who, CancellationToken ct)
    {
        if (algorithm != SignatureAlgorithm.SshEd25519)
        {
            throw new BackendException(BackendFailure.Refused,
                $"The key {_key.Name} does not sign with {algorithm.Name}: it is an ed25519 key.");
        }

        using Secret seed = await _flow.RunAsync(_key, who, (tpm, authValue) => Unseal(tpm, _key, authValue), ct)
            .ConfigureAwait(false);
        return Sign(_key, seed.Span, data.Span);
    }

    /// <summary>Unseals the seed on the device's worker.</summary>
    public static Secret Unseal(TpmConnection tpm, TpmKeyEntry key, ReadOnlySpan<byte> authValue)
    {
        try
        {
            return tpm.Unseal(key.Blobs!, key.ParentKey, authValue, key.Policy); // A usable key has both halves.
        }
        catch (TpmException exception) when (TpmPolicyFailure.Is(exception, key))
        {
            throw TpmPolicyFailure.Explain(exception, key);
        }
    }

    /// <summary>Signs with an unsealed seed, if it is that of the listed public key.</summary>
    public static byte[] Sign(TpmKeyEntry key, ReadOnlySpan<byte> seed, ReadOnlySpan<byte> data)
    {
        Ed25519PublicKey listed = (Ed25519PublicKey)key.PublicKey!; // A usable sealed key has this one.
        // With any other public key the signature would give the seed away.
        if (seed.Length != Ed25519.SeedSizeBytes || !Ed25519.PublicKeyOf(seed).AsSpan().SequenceEqual(listed.Key.Span))
        {
            throw new BackendException(
                BackendFailure.Refused, $"What the TPM unsealed for {key.Name} is not the private half of "
                + $"its public key, so nothing was signed. The key file {key.Path} was changed; restore it from a "
                + "backup.");
        }

        return Ed25519.Sign(seed, listed.Key.Span, data);
    }
}
