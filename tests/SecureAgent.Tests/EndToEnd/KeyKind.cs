namespace SecureAgent.Tests.EndToEnd;

/// <summary>The three ways in which a TPM holds a key.</summary>
public enum KeyKind
{
    /// <summary>ECDSA P-256 made in the TPM, with a PIN.</summary>
    EcdsaWithPin,

    /// <summary>RSA of 2048 bits made in the TPM.</summary>
    Rsa,

    /// <summary>Ed25519 whose seed the TPM seals.</summary>
    SealedEd25519,
}
