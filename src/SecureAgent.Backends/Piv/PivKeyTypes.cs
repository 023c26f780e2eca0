using SecureAgent.Core;
using SecureAgent.Wire;

namespace SecureAgent.Backends.Piv;

/// <summary>The kinds of keys that are made on cards, as ssh-keygen names them with sizes.</summary>
public static class PivKeyTypes
{
    private static readonly Version Policies = new(4, 0, 0);
    private static readonly Version CachedTouch = new(4, 3, 0);
    private static readonly Version MoreAlgorithms = new(5, 7, 0);

    // YSA-2017-01: RSA keys that were made on these are weak. Imported ones are not.
    private static readonly Version FirstWeakRsa = new(4, 2, 0);
    private static readonly Version FirstGoodRsa = new(4, 3, 5);

    private static readonly (string Name, PivAlgorithm Algorithm)[] All =
    [
        ("ecdsa-256", PivAlgorithm.ECC_P256), ("ecdsa-384", PivAlgorithm.ECC_P384), ("ed25519", PivAlgorithm.ED25519),
        ("rsa-2048", PivAlgorithm.RSA_2048), ("rsa-3072", PivAlgorithm.RSA_3072), ("rsa-4096", PivAlgorithm.RSA_4096),
    ];

    /// <summary>Every name that <see cref="Parse"/> takes.</summary>
    public static IReadOnlyList<string> Names { get; } = [.. All.Select(type => type.Name)];

    /// <summary>The algorithm called <paramref name="name"/>.</summary>
    /// <exception cref="BackendException">There is none.</exception>
    public static PivAlgorithm Parse(string name)
    {
        foreach ((string known, PivAlgorithm algorithm) in All)
        {
            if (string.Equals(known, name, StringComparison.OrdinalIgnoreCase))
            {
                return algorithm;
            }
        }

        throw new BackendException($"No card makes keys of type \"{name}\". Types are {string.Join(", ", Names)}.");
    }

    /// <summary>The name of the kind of <paramref name="key"/>.</summary>
    public static string NameOf(PublicKey key) => NameOf(PivPublicKey.AlgorithmOf(key));

    /// <summary>The name of <paramref name="algorithm"/>, also of one that is not made any more.</summary>
    public static string NameOf(PivAlgorithm algorithm) =>
        All.FirstOrDefault(type => type.Algorithm == algorithm).Name ?? algorithm switch
        {
            PivAlgorithm.RSA_1024 => "rsa-1024",
            PivAlgorithm.X25519 => "x25519",
            PivAlgorithm.None => "unknown",
            _ => $"0x{(int)algorithm:x2}",
        };

    /// <summary>Checks that a card can make, or take, such a key, before anything is changed.</summary>
    /// <exception cref="BackendException">It cannot.</exception>
    internal static void RequireSupport(
        PivToken token, PivAlgorithm algorithm, PivPinPolicy pinPolicy, PivTouchPolicy touchPolicy, bool isGenerated)
    {
        if (!Array.Exists(All, type => type.Algorithm == algorithm))
        {
            throw new BackendException($"Keys of type {NameOf(algorithm)} are not put on cards. Types are "
                + $"{string.Join(", ", Names)}.");
        }

        Version firmware = token.Firmware ?? new Version(0, 0, 0);
        if (algorithm is PivAlgorithm.ED25519 or PivAlgorithm.RSA_3072 or PivAlgorithm.RSA_4096
            && firmware < MoreAlgorithms)
        {
            throw Refused(
                token, $"has no {NameOf(algorithm)} keys: that takes firmware 5.7. Choose ecdsa-256 or rsa-2048");
        }

        if (isGenerated && algorithm == PivAlgorithm.RSA_2048 && firmware >= FirstWeakRsa && firmware < FirstGoodRsa)
        {
            throw Refused(token, "makes weak RSA keys (YSA-2017-01). Choose ecdsa-256, or import an RSA key");
        }

        if ((pinPolicy != PivPinPolicy.Default || touchPolicy != PivTouchPolicy.Default) && firmware < Policies)
        {
            throw Refused(token, "has no policies for PIN and touch. Leave them out");
        }

        if (touchPolicy == PivTouchPolicy.Cached && firmware < CachedTouch)
        {
            throw Refused(token, "does not remember a touch. Choose always or never");
        }
    }

    private static BackendException Refused(PivToken token, string why) => new(
        token.Firmware is null ? $"{token.Name} {why}." : $"{token.Name} with firmware {token.Firmware} {why}.");
}
