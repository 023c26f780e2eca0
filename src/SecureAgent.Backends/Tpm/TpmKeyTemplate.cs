namespace SecureAgent.Backends.Tpm;

/// <summary>A kind of signing key that a TPM can be asked for.</summary>
/// <param name="Type"><see cref="TPM_ALG.ECC"/> or <see cref="TPM_ALG.RSA"/>.</param>
/// <param name="Curve">The curve of an ECC key.</param>
/// <param name="KeyBits">Modulus bits of an RSA key, field bits of an ECC key.</param>
internal sealed record TpmKeyTemplate(TPM_ALG Type, TPM_ECC_CURVE Curve, int KeyBits)
{
    /// <summary>ECDSA with P-256.</summary>
    public static readonly TpmKeyTemplate Ecdsa256 = new(TPM_ALG.ECC, TPM_ECC_CURVE.NIST_P256, 256);

    /// <summary>ECDSA with P-384.</summary>
    public static readonly TpmKeyTemplate Ecdsa384 = new(TPM_ALG.ECC, TPM_ECC_CURVE.NIST_P384, 384);

    /// <summary>ECDSA with P-521.</summary>
    public static readonly TpmKeyTemplate Ecdsa521 = new(TPM_ALG.ECC, TPM_ECC_CURVE.NIST_P521, 521);

    /// <summary>RSA with 2048 bits.</summary>
    public static readonly TpmKeyTemplate Rsa2048 = new(TPM_ALG.RSA, TPM_ECC_CURVE.NONE, 2048);

    /// <summary>RSA with 3072 bits.</summary>
    public static readonly TpmKeyTemplate Rsa3072 = new(TPM_ALG.RSA, TPM_ECC_CURVE.NONE, 3072);

    /// <summary>Every kind.</summary>
    public static IReadOnlyList<TpmKeyTemplate> All => [Ecdsa256, Ecdsa384, Ecdsa521, Rsa2048, Rsa3072];

    /// <summary>The kind as ssh-keygen names it with its size, such as <c>ecdsa-256</c>.</summary>
    public override string ToString() => Type == TPM_ALG.RSA ? $"rsa-{KeyBits}" : $"ecdsa-{KeyBits}";
}
