using System.Security.Cryptography;

namespace SecureAgent.Backends.Tpm;

/// <summary>Sends a random secret to a storage key, so that only its TPM learns it (TPM 2.0 Part 1, B.10 and
/// C.6).</summary>
internal static class TpmSecretSharing
{
    /// <summary>Fills <paramref name="secret"/> and encrypts it to <paramref name="recipient"/>.</summary>
    /// <param name="recipient">The public area of an RSA or ECC storage key.</param>
    /// <param name="label">SECRET for a session's salt, DUPLICATE for the seed of an import.</param>
    /// <param name="secret">Filled; as long as a digest of the recipient's nameAlg.</param>
    /// <returns>The content of TPM2B_ENCRYPTED_SECRET.</returns>
    /// <exception cref="TpmException">The key is of no kind that can receive a secret, or its point is not on its
    /// curve.</exception>
    public static byte[] Share(TpmPublic recipient, ReadOnlySpan<byte> label, Span<byte> secret)
    {
        const TPMA_OBJECT Storage = TPMA_OBJECT.restricted | TPMA_OBJECT.decrypt;
        if ((recipient.Attributes & (Storage | TPMA_OBJECT.sign)) != Storage)
        {
            throw new TpmException("The parent is not a storage key.");
        }

        return recipient.Type switch
        {
            TPM_ALG.ECC => ShareByEcdh(recipient, label, secret),
            TPM_ALG.RSA => ShareByOaep(recipient, label, secret),
            _ => throw new TpmException("The parent is neither an RSA nor an ECC key."),
        };
    }

    // seed = KDFe(nameAlg, Z, label, ephemeral x, recipient x, bits); sent: TPMS_ECC_POINT of the ephemeral key.
    private static byte[] ShareByEcdh(TpmPublic recipient, ReadOnlySpan<byte> label, Span<byte> secret)
    {
        byte[] z = [];
        try
        {
            ECParameters theirs = recipient.ToECParameters();
            using ECDiffieHellman ephemeral = ECDiffieHellman.Create(theirs.Curve);
            using ECDiffieHellman other = ECDiffieHellman.Create(theirs);
            ECPoint ours = ephemeral.ExportParameters(includePrivateParameters: false).Q;
            using ECDiffieHellmanPublicKey otherPublic = other.PublicKey;
            z = ephemeral.DeriveRawSecretAgreement(otherPublic);
            TpmKdf.KDFe(recipient.NameAlg, z, label, ours.X, recipient.X.Span, secret);
            byte[] point = new byte[4 + ours.X!.Length + ours.Y!.Length];
            TpmWriter writer = new(point);
            writer.WriteTpm2B(ours.X);
            writer.WriteTpm2B(ours.Y);
            return point;
        }
        catch (CryptographicException e)
        {
            throw new TpmException("The storage key's public point is not on its curve.", e);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(z);
        }
    }

    private static byte[] ShareByOaep(TpmPublic recipient, ReadOnlySpan<byte> label, Span<byte> secret)
    {
        RandomNumberGenerator.Fill(secret);
        return TpmOaep.Encrypt(recipient, label, secret);
    }
}
