using System.Numerics;
using System.Security.Cryptography;

namespace SecureAgent.HwSim.Tpm;

/// <summary>RSA keys. A TPM keeps one prime; the other follows from the modulus.</summary>
internal static class RsaKeys
{
    /// <summary>The exponent that a TPM writes as 0.</summary>
    public const uint DefaultExponent = 65537;

    /// <summary>Whether a new key may have <paramref name="exponent"/>: 0 (for 65537) or a prime that is not smaller.</summary>
    public static bool IsExponent(uint exponent) =>
        exponent == 0 || (exponent >= DefaultExponent && Numbers.IsPrime(exponent));

    /// <summary>A new key: the first prime and the modulus.</summary>
    public static (byte[] Prime, byte[] Modulus) Generate(int bits, uint exponent, KeySource source)
    {
        if (!source.IsDeterministic && exponent is (0 or DefaultExponent))
        {
            using RSA rsa = RSA.Create(bits);
            RSAParameters parameters = rsa.ExportParameters(includePrivateParameters: true);
            return (parameters.P!, parameters.Modulus!);
        }

        BigInteger p = Numbers.FindPrime(source, bits / 2, exponent == 0 ? DefaultExponent : exponent);
        BigInteger q;
        do
        {
            q = Numbers.FindPrime(source, bits / 2, exponent == 0 ? DefaultExponent : exponent);
        }
        while (q == p);

        return (Numbers.Write(p, bits / 16), Numbers.Write(p * q, bits / 8));
    }

    /// <summary>Whether <paramref name="prime"/> divides the modulus of <paramref name="key"/> and is half as long.</summary>
    public static bool Matches(TpmPublic key, byte[] prime)
    {
        BigInteger p = Numbers.Read(prime);
        return p > 1 && (Numbers.Read(key.Unique) % p).IsZero;
    }

    /// <summary>The key for .NET; with the private part if <paramref name="prime"/> is given.</summary>
    public static RSA Import(TpmPublic key, byte[]? prime)
    {
        RSA rsa = RSA.Create();
        rsa.ImportParameters(ParametersOf(key, prime));
        return rsa;
    }

    /// <summary><paramref name="message"/> to the public exponent, as long as the modulus.</summary>
    public static byte[] PublicOperation(TpmPublic key, byte[] message) => Numbers.Write(
        BigInteger.ModPow(Numbers.Read(message), ExponentOf(key), Numbers.Read(key.Unique)), key.Unique.Length);

    /// <summary><paramref name="cipherText"/> to the private exponent, as long as the modulus.</summary>
    public static byte[] PrivateOperation(TpmObject key, byte[] cipherText)
    {
        BigInteger n = Numbers.Read(key.Public.Unique);
        BigInteger p = Numbers.Read(key.Sensitive!.Value);
        BigInteger q = n / p;
        BigInteger d = PrivateExponent(key.Public, p, q);
        BigInteger c = Numbers.Read(cipherText);
        BigInteger m1 = BigInteger.ModPow(c, d % (p - 1), p);
        BigInteger m2 = BigInteger.ModPow(c, d % (q - 1), q);
        BigInteger h = Numbers.Mod(Numbers.Inverse(q, p) * (m1 - m2), p);
        return Numbers.Write(m2 + (h * q), key.Public.Unique.Length);
    }

    private static BigInteger ExponentOf(TpmPublic key) => key.Exponent == 0 ? DefaultExponent : key.Exponent;

    private static BigInteger PrivateExponent(TpmPublic key, BigInteger p, BigInteger q) =>
        Numbers.Inverse(ExponentOf(key), (p - 1) * (q - 1));

    private static RSAParameters ParametersOf(TpmPublic key, byte[]? prime)
    {
        RSAParameters parameters = new()
        {
            Modulus = key.Unique,
            Exponent = ExponentOf(key).ToByteArray(isUnsigned: true, isBigEndian: true),
        };
        if (prime is null)
        {
            return parameters;
        }

        int half = key.Unique.Length / 2;
        BigInteger p = Numbers.Read(prime);
        BigInteger q = Numbers.Read(key.Unique) / p;
        BigInteger d = PrivateExponent(key, p, q);
        parameters.P = Numbers.Write(p, half);
        parameters.Q = Numbers.Write(q, half);
        parameters.D = Numbers.Write(d, key.Unique.Length);
        parameters.DP = Numbers.Write(d % (p - 1), half);
        parameters.DQ = Numbers.Write(d % (q - 1), half);
        parameters.InverseQ = Numbers.Write(Numbers.Inverse(q, p), half);
        return parameters;
    }
}
