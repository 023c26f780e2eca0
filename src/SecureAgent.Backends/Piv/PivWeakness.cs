using SecureAgent.Wire;

namespace SecureAgent.Backends.Piv;

/// <summary>Something that is known to be weak about a card or a key on it.</summary>
/// <param name="Subject">The card or the key, as the user knows it.</param>
/// <param name="Text">What it is and what to do; one sentence or two.</param>
/// <param name="Link">The advisory; <see langword="null"/> if there is none.</param>
public sealed record PivWeakness(string Subject, string Text, string? Link)
{
    private static readonly Version FirstGoodEcdsa = new(5, 7, 0);

    /// <summary>What is weak about a card and its keys.</summary>
    public static IEnumerable<PivWeakness> Of(PivToken token)
    {
        ArgumentNullException.ThrowIfNull(token);
        foreach (PivKey key in token.Keys)
        {
            if (key.PublicKey is RsaPublicKey { SizeBits: < 2048 } rsa)
            {
                yield return new PivWeakness(
                    key.Comment, $"An RSA key of {rsa.SizeBits} bits is too short. Make another one.", null);
            }

            if (key.PublicKey is PublicKey publicKey && IsRoca(publicKey))
            {
                yield return new PivWeakness(
                    key.Comment,
                    "The RSA key was made by a chip that makes weak ones (ROCA, CVE-2017-15361): its private half can "
                    + "be computed. Replace it everywhere, now.",
                    "https://www.yubico.com/support/security-advisories/ysa-2017-01/");
            }
        }

        if (token.Firmware is Version firmware && firmware < FirstGoodEcdsa
            && token.Keys.Any(key => key.PublicKey is EcdsaPublicKey))
        {
            yield return new PivWeakness(
                token.Name,
                $"Firmware {firmware} leaks ECDSA keys to who has the token in hand for an hour and opens it (EUCLEAK, "
                + "YSA-2024-03). It cannot be updated: keep it with you, or use RSA keys or firmware 5.7.",
                "https://www.yubico.com/support/security-advisories/ysa-2024-03/");
        }
    }

    /// <summary>Whether an RSA modulus has the fingerprint of Infineon's flawed key generator.</summary>
    internal static bool IsRoca(PublicKey key) => key is RsaPublicKey rsa && RocaFingerprint.Matches(rsa.Modulus.Span);
}
