using System.Security.Cryptography;
using SecureAgent.Backends.PrivateKeys;
using SecureAgent.Core;
using SecureAgent.Wire;

namespace SecureAgent.Backends.Tpm;

/// <summary>The kinds of key by the names that users write.</summary>
internal static class TpmKeyTypes
{
    private static readonly TpmKeyTemplate[] All =
    [
        TpmKeyTemplate.Ecdsa256, TpmKeyTemplate.Ecdsa384, TpmKeyTemplate.Ecdsa521, TpmKeyTemplate.Rsa2048,
        TpmKeyTemplate.Rsa3072,
    ];

    /// <summary>The kind called <paramref name="type"/>.</summary>
    /// <exception cref="BackendException">There is none.</exception>
    public static TpmKeyTemplate Parse(string type) => Array.Find(All, template => template.ToString() == type)
        ?? throw new BackendException(BackendFailure.Refused, type == "ed25519"
            ? "No TPM makes Ed25519 keys. secure-agent key seal NAME makes one that only the TPM can open."
            : $"There is no TPM key type {type}. The types are {string.Join<TpmKeyTemplate>(", ", All)}.");

    /// <summary>The kind of an existing key.</summary>
    /// <exception cref="BackendException">No TPM takes it.</exception>
    public static TpmKeyTemplate Of(PrivateKeyMaterial key, string fileName)
    {
        TpmKeyTemplate? found = key.Rsa is RSAParameters rsa
            ? Array.Find(All, template => template.Type == TPM_ALG.RSA && template.KeyBits == SizeBits(rsa))
            : Array.Find(All, template => template.Type == TPM_ALG.ECC
                && IsCurve(key.Ecdsa.GetValueOrDefault().Curve, template.KeyBits));
        return found ?? throw new BackendException(BackendFailure.Refused, key.Rsa is RSAParameters odd
            ? $"{fileName} is an RSA key of {SizeBits(odd)} bits; a TPM takes 2048 or 3072."
            : $"{fileName} is an ECDSA key on a curve that SSH does not use.");
    }

    /// <summary>Checks that the TPM has keys of this kind.</summary>
    /// <exception cref="BackendException">It has not; the message lists what it has.</exception>
    public static void RequireSupport(TpmCapabilities capabilities, TpmKeyTemplate template)
    {
        if (!capabilities.Supports(template))
        {
            throw new BackendException(BackendFailure.Refused, $"This TPM has no {template} keys. It has "
                + $"{string.Join(", ", Supported(capabilities))}, and any TPM seals ed25519 keys "
                + "(secure-agent key seal).");
        }
    }

    /// <summary>The names of the kinds that the TPM has.</summary>
    public static IReadOnlyList<string> Supported(TpmCapabilities capabilities) =>
        [.. All.Where(capabilities.Supports).Select(template => template.ToString())];

    private static int SizeBits(RSAParameters rsa) => new RsaPublicKey(rsa.Exponent, rsa.Modulus).SizeBits;

    private static bool IsCurve(ECCurve curve, int sizeBits) =>
        EcdsaCurve.FromSize(sizeBits)?.Parameters.Oid is Oid oid
        && (curve.Oid.Value == oid.Value || curve.Oid.FriendlyName == oid.FriendlyName);
}
