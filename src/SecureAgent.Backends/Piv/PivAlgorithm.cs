#pragma warning disable CA1707 // Spelled as in the specification.
namespace SecureAgent.Backends.Piv;

/// <summary>Algorithm identifiers (SP 800-78-4, table 6-2; Yubico for the rest).</summary>
public enum PivAlgorithm : byte
{
    /// <summary>None known.</summary>
    None = 0,

    /// <summary>Triple DES, for the management key.</summary>
    TDES = 0x03,

    /// <summary>RSA of 3072 bits; firmware 5.7 and later.</summary>
    RSA_3072 = 0x05,

    /// <summary>RSA of 1024 bits: too short, and made no more.</summary>
    RSA_1024 = 0x06,

    /// <summary>RSA of 2048 bits.</summary>
    RSA_2048 = 0x07,

    /// <summary>AES-128, for the management key.</summary>
    AES_128 = 0x08,

    /// <summary>AES-192, for the management key.</summary>
    AES_192 = 0x0A,

    /// <summary>AES-256, for the management key.</summary>
    AES_256 = 0x0C,

    /// <summary>ECC on P-256.</summary>
    ECC_P256 = 0x11,

    /// <summary>ECC on P-384.</summary>
    ECC_P384 = 0x14,

    /// <summary>RSA of 4096 bits; firmware 5.7 and later.</summary>
    RSA_4096 = 0x16,

    /// <summary>Ed25519; firmware 5.7 and later.</summary>
    ED25519 = 0xE0,

    /// <summary>X25519, which does not sign; firmware 5.7 and later.</summary>
    X25519 = 0xE1,
}
