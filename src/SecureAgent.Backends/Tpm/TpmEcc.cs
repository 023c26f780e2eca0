namespace SecureAgent.Backends.Tpm;

/// <summary>Facts about the curves.</summary>
internal static class TpmEcc
{
    /// <summary>Bits of a coordinate.</summary>
    /// <exception cref="TpmException">SSH does not use the curve.</exception>
    public static int FieldBits(TPM_ECC_CURVE curve) => curve switch
    {
        TPM_ECC_CURVE.NIST_P256 => 256,
        TPM_ECC_CURVE.NIST_P384 => 384,
        TPM_ECC_CURVE.NIST_P521 => 521,
        _ => throw new TpmException($"The curve 0x{(ushort)curve:X4} is not supported."),
    };
}
