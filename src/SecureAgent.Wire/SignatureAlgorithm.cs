using System.Security.Cryptography;

namespace SecureAgent.Wire;

/// <summary>An SSH signature algorithm: the name in a signature blob, and what it hashes with.</summary>
public sealed class SignatureAlgorithm
{
    /// <summary>RSA PKCS#1 v1.5 with SHA-1 (RFC 4253 section 6.6). Policy decides whether it may be used.</summary>
    public static readonly SignatureAlgorithm SshRsa = new("ssh-rsa", HashAlgorithmName.SHA1);

    /// <summary>RSA PKCS#1 v1.5 with SHA-256 (RFC 8332).</summary>
    public static readonly SignatureAlgorithm RsaSha2_256 = new("rsa-sha2-256", HashAlgorithmName.SHA256);

    /// <summary>RSA PKCS#1 v1.5 with SHA-512 (RFC 8332).</summary>
    public static readonly SignatureAlgorithm RsaSha2_512 = new("rsa-sha2-512", HashAlgorithmName.SHA512);

    /// <summary>ECDSA P-256 with SHA-256 (RFC 5656).</summary>
    public static readonly SignatureAlgorithm EcdsaNistp256 = new(EcdsaCurve.NistP256);

    /// <summary>ECDSA P-384 with SHA-384 (RFC 5656).</summary>
    public static readonly SignatureAlgorithm EcdsaNistp384 = new(EcdsaCurve.NistP384);

    /// <summary>ECDSA P-521 with SHA-512 (RFC 5656).</summary>
    public static readonly SignatureAlgorithm EcdsaNistp521 = new(EcdsaCurve.NistP521);

    /// <summary>Ed25519 (RFC 8709), which hashes by itself.</summary>
    public static readonly SignatureAlgorithm SshEd25519 = new("ssh-ed25519", null);

    /// <summary>ECDSA P-256 on a security key (OpenSSH, PROTOCOL.u2f).</summary>
    public static readonly SignatureAlgorithm SkEcdsaNistp256 =
        new(SkEcdsaPublicKey.TypeName, HashAlgorithmName.SHA256) { Curve = EcdsaCurve.NistP256, IsSecurityKey = true };

    /// <summary>Ed25519 on a security key (OpenSSH, PROTOCOL.u2f).</summary>
    public static readonly SignatureAlgorithm SkEd25519 =
        new(SkEd25519PublicKey.TypeName, null) { IsSecurityKey = true };

    /// <summary>The composite of ML-DSA-44 and Ed25519, which hashes by itself.</summary>
    public static readonly SignatureAlgorithm MlDsa44Ed25519 = new(MlDsa44Ed25519PublicKey.TypeName, null);

    private static readonly SignatureAlgorithm[] All =
    [
        SshRsa, RsaSha2_256, RsaSha2_512, EcdsaNistp256, EcdsaNistp384, EcdsaNistp521, SshEd25519, SkEcdsaNistp256,
        SkEd25519, MlDsa44Ed25519,
    ];

    private SignatureAlgorithm(string name, HashAlgorithmName? hash) => (Name, Hash) = (name, hash);

    private SignatureAlgorithm(EcdsaCurve curve) : this(curve.KeyType, curve.Hash) => Curve = curve;

    /// <summary>Its name in a signature blob.</summary>
    public string Name { get; }

    /// <summary>The hash of the data that is signed; <see langword="null"/> where the algorithm takes the data
    /// itself.</summary>
    public HashAlgorithmName? Hash { get; }

    /// <summary>The curve of an ECDSA algorithm, else <see langword="null"/>.</summary>
    public EcdsaCurve? Curve { get; private init; }

    /// <summary>Whether it is RSA PKCS#1 v1.5.</summary>
    public bool IsRsa => this == SshRsa || this == RsaSha2_256 || this == RsaSha2_512;

    /// <summary>Whether its signatures carry a security key's flags and counter.</summary>
    public bool IsSecurityKey { get; private init; }

    /// <summary>The algorithm that <paramref name="key"/> signs with when asked with <paramref name="flags"/>. Flags
    /// count for RSA only; if both are set SHA-512 wins; unknown bits are ignored. RSA without a flag is
    /// <see cref="SshRsa"/>: the caller's policy refuses it.</summary>
    public static SignatureAlgorithm For(PublicKey key, SignatureFlags flags)
    {
        ArgumentNullException.ThrowIfNull(key);
        return key switch
        {
            RsaPublicKey when flags.HasFlag(SignatureFlags.SSH_AGENT_RSA_SHA2_512) => RsaSha2_512,
            RsaPublicKey when flags.HasFlag(SignatureFlags.SSH_AGENT_RSA_SHA2_256) => RsaSha2_256,
            RsaPublicKey => SshRsa,
            EcdsaPublicKey ecdsa => ForCurve(ecdsa.Curve),
            Ed25519PublicKey => SshEd25519,
            SkEcdsaPublicKey => SkEcdsaNistp256,
            SkEd25519PublicKey => SkEd25519,
            MlDsa44Ed25519PublicKey => MlDsa44Ed25519,
            _ => throw new ArgumentException("Not a key type of this assembly.", nameof(key)),
        };
    }

    /// <summary>The ECDSA algorithm of <paramref name="curve"/>.</summary>
    public static SignatureAlgorithm ForCurve(EcdsaCurve curve) =>
        curve == EcdsaCurve.NistP256 ? EcdsaNistp256 : curve == EcdsaCurve.NistP384 ? EcdsaNistp384 : EcdsaNistp521;

    /// <summary>The algorithm called <paramref name="name"/>, or <see langword="null"/>.</summary>
    public static SignatureAlgorithm? FromName(string name) => Array.Find(All, algorithm => algorithm.Name == name);

    /// <summary>Its name.</summary>
    public override string ToString() => Name;
}
