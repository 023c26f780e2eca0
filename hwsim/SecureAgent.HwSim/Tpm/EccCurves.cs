using System.Security.Cryptography;

namespace SecureAgent.HwSim.Tpm;

/// <summary>The curves of this TPM.</summary>
internal static class EccCurves
{
    /// <summary>All of them.</summary>
    public static readonly TPM_ECC_CURVE[] All =
        [TPM_ECC_CURVE.TPM_ECC_NIST_P256, TPM_ECC_CURVE.TPM_ECC_NIST_P384, TPM_ECC_CURVE.TPM_ECC_NIST_P521];

    /// <summary>Reads a TPMI_ECC_CURVE.</summary>
    public static TPM_ECC_CURVE Read(TpmReader reader)
    {
        TPM_ECC_CURVE curve = (TPM_ECC_CURVE)reader.UInt16();
        return All.Contains(curve) ? curve : throw reader.Fail(TPM_RC_CURVE);
    }

    /// <summary>Bits of the field.</summary>
    public static int Bits(TPM_ECC_CURVE curve) => curve switch
    {
        TPM_ECC_CURVE.TPM_ECC_NIST_P256 => 256,
        TPM_ECC_CURVE.TPM_ECC_NIST_P384 => 384,
        _ => 521,
    };

    /// <summary>Octets of a coordinate.</summary>
    public static int Size(TPM_ECC_CURVE curve) => (Bits(curve) + 7) / 8;

    /// <summary>The hash of the curve's key derivation, as strong as the curve.</summary>
    public static TPM_ALG_ID KdfHash(TPM_ECC_CURVE curve) => curve switch
    {
        TPM_ECC_CURVE.TPM_ECC_NIST_P256 => TPM_ALG_SHA256,
        TPM_ECC_CURVE.TPM_ECC_NIST_P384 => TPM_ALG_SHA384,
        _ => TPM_ALG_SHA512,
    };

    /// <summary>.NET's curve.</summary>
    public static ECCurve NameOf(TPM_ECC_CURVE curve) => curve switch
    {
        TPM_ECC_CURVE.TPM_ECC_NIST_P256 => ECCurve.NamedCurves.nistP256,
        TPM_ECC_CURVE.TPM_ECC_NIST_P384 => ECCurve.NamedCurves.nistP384,
        _ => ECCurve.NamedCurves.nistP521,
    };
}
