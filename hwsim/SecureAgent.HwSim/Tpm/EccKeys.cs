using System.Numerics;
using System.Security.Cryptography;

namespace SecureAgent.HwSim.Tpm;

/// <summary>ECC keys: private values, ECDSA and ECDH.</summary>
internal static class EccKeys
{
    /// <summary>A private value in [1, n - 1] and its point (FIPS 186-4, B.4.1: extra random bits).</summary>
    public static (byte[] Private, EccPoint Public) Generate(TPM_ECC_CURVE curve, KeySource source)
    {
        EccCurve parameters = EccCurve.Of(curve);
        BigInteger value = (Numbers.Read(source.Next(parameters.Size + 8)) % (parameters.N - 1)) + 1;
        byte[] privateValue = Numbers.Write(value, parameters.Size);
        return (privateValue, PublicOf(curve, privateValue) ?? throw new CryptographicException("point at infinity"));
    }

    /// <summary>The point of a private value; <see langword="null"/> if the value is out of range.</summary>
    public static EccPoint? PublicOf(TPM_ECC_CURVE curve, byte[] privateValue)
    {
        EccCurve parameters = EccCurve.Of(curve);
        BigInteger value = Numbers.Read(privateValue);
        return value.IsZero || value >= parameters.N ? null : parameters.Multiply(parameters.Generator, value);
    }

    /// <summary>The shared point; <see langword="null"/> if <paramref name="peer"/> is not on the curve.</summary>
    public static EccPoint? SharedPoint(TPM_ECC_CURVE curve, byte[] privateValue, EccPoint peer)
    {
        EccCurve parameters = EccCurve.Of(curve);
        return parameters.IsOnCurve(peer) ? parameters.Multiply(peer, Numbers.Read(privateValue)) : null;
    }

    /// <summary>ECDSA: r and s, each as long as the curve's coordinates.</summary>
    public static (byte[] R, byte[] S) Sign(TpmObject key, byte[] digest)
    {
        using ECDsa ecdsa = Import(key.Public, key.Sensitive!.Value);
        byte[] signature = ecdsa.SignHash(digest, DSASignatureFormat.IeeeP1363FixedFieldConcatenation);
        return (signature[..(signature.Length / 2)], signature[(signature.Length / 2)..]);
    }

    /// <summary>Whether r and s are the key's signature of <paramref name="digest"/>.</summary>
    public static bool Verify(TpmPublic key, byte[] digest, byte[] r, byte[] s)
    {
        int size = EccCurves.Size(key.Curve);
        if (Numbers.Read(r) >= EccCurve.Of(key.Curve).N || Numbers.Read(s) >= EccCurve.Of(key.Curve).N)
        {
            return false;
        }

        using ECDsa ecdsa = Import(key, null);
        return ecdsa.VerifyHash(
            digest, Bytes.Concat(Bytes.LeftPad(r, size), Bytes.LeftPad(s, size)),
            DSASignatureFormat.IeeeP1363FixedFieldConcatenation);
    }

    private static ECDsa Import(TpmPublic key, byte[]? privateValue)
    {
        int size = EccCurves.Size(key.Curve);
        return ECDsa.Create(new ECParameters
        {
            Curve = EccCurves.NameOf(key.Curve),
            Q = new ECPoint { X = Bytes.LeftPad(key.Unique, size), Y = Bytes.LeftPad(key.UniqueY, size) },
            D = privateValue is null ? null : Bytes.LeftPad(privateValue, size),
        });
    }
}
