using System.Numerics;
using System.Security.Cryptography;

namespace SecureAgent.HwSim.Piv;

/// <summary>Makes, imports and restores key pairs.</summary>
internal static class PivKeyFactory
{
    private const int PrimePTag = 0x01;
    private const int PrimeQTag = 0x02;
    private const int EcScalarTag = 0x06;
    private const int Ed25519Tag = 0x07;
    private const int X25519Tag = 0x08;

    private static readonly BigInteger Exponent = 65537;

    /// <summary>Makes a key pair.</summary>
    public static PivKey Generate(PivAlgorithm algorithm, PinPolicy pin, TouchPolicy touch)
    {
        if (RsaPivKey.BitsOf(algorithm) is int bits and > 0)
        {
            using RSA rsa = RSA.Create(bits);
            return Rsa(rsa.ExportParameters(includePrivateParameters: true), pin, touch, isGenerated: true);
        }

        if (algorithm is PivAlgorithm.EccP256 or PivAlgorithm.EccP384)
        {
            using ECDsa key = ECDsa.Create(EcPivKey.CurveOf(algorithm));
            return Ec(algorithm, key.ExportParameters(includePrivateParameters: true), pin, touch, isGenerated: true);
        }

        return Of25519(
            algorithm, RandomNumberGenerator.GetBytes(Curve25519.Size), pin, touch, isGenerated: true);
    }

    /// <summary>Takes a private key from the data of IMPORT ASYMMETRIC KEY.</summary>
    /// <exception cref="CardError">6A80: it is no private key of the algorithm.</exception>
    public static PivKey Import(
        PivAlgorithm algorithm, List<(int Tag, byte[] Value)> data, PinPolicy pin, TouchPolicy touch)
    {
        try
        {
            if (RsaPivKey.BitsOf(algorithm) is int bits and > 0)
            {
                return Rsa(RsaOf(data.Get(PrimePTag), data.Get(PrimeQTag), bits), pin, touch, isGenerated: false);
            }

            if (algorithm is PivAlgorithm.EccP256 or PivAlgorithm.EccP384)
            {
                ECParameters parameters = new()
                {
                    Curve = EcPivKey.CurveOf(algorithm),
                    D = Sized(data.Get(EcScalarTag), EcPivKey.SizeOf(algorithm)),
                };
                return Ec(algorithm, parameters, pin, touch, isGenerated: false);
            }

            byte[] secret = data.Get(algorithm == PivAlgorithm.Ed25519 ? Ed25519Tag : X25519Tag);
            return Of25519(algorithm, Sized(secret, Curve25519.Size), pin, touch, isGenerated: false);
        }
        catch (CryptographicException)
        {
            throw new CardError(StatusWord.WrongData);
        }
    }

    /// <summary>Reads <see cref="PivKey.PrivateBytes"/>.</summary>
    /// <exception cref="CryptographicException">It is no private key of the algorithm.</exception>
    public static PivKey Restore(
        PivAlgorithm algorithm, byte[] privateBytes, PinPolicy pin, TouchPolicy touch, bool isGenerated)
    {
        if (RsaPivKey.BitsOf(algorithm) > 0)
        {
            using RSA rsa = RSA.Create();
            rsa.ImportRSAPrivateKey(privateBytes, out _);
            return Rsa(rsa.ExportParameters(includePrivateParameters: true), pin, touch, isGenerated);
        }

        if (algorithm is PivAlgorithm.EccP256 or PivAlgorithm.EccP384)
        {
            using ECDsa key = ECDsa.Create();
            key.ImportECPrivateKey(privateBytes, out _);
            return Ec(algorithm, key.ExportParameters(includePrivateParameters: true), pin, touch, isGenerated);
        }

        return Of25519(algorithm, privateBytes, pin, touch, isGenerated);
    }

    private static RsaPivKey Rsa(RSAParameters parameters, PinPolicy pin, TouchPolicy touch, bool isGenerated) =>
        new(parameters) { PinPolicy = pin, TouchPolicy = touch, IsGenerated = isGenerated };

    private static EcPivKey Ec(
        PivAlgorithm algorithm, ECParameters parameters, PinPolicy pin, TouchPolicy touch, bool isGenerated) =>
        new(algorithm, parameters) { PinPolicy = pin, TouchPolicy = touch, IsGenerated = isGenerated };

    private static Curve25519PivKey Of25519(
        PivAlgorithm algorithm, byte[] privateKey, PinPolicy pin, TouchPolicy touch, bool isGenerated) =>
        new(algorithm, privateKey) { PinPolicy = pin, TouchPolicy = touch, IsGenerated = isGenerated };

    // The card has no use for dP, dQ and qInv as they come: it computes them, and so cannot be given wrong ones.
    private static RSAParameters RsaOf(byte[] primeP, byte[] primeQ, int bits)
    {
        BigInteger p = new(primeP, isUnsigned: true, isBigEndian: true);
        BigInteger q = new(primeQ, isUnsigned: true, isBigEndian: true);
        BigInteger n = p * q;
        CardError.Unless(n.GetBitLength() == bits && p != q, StatusWord.WrongData);
        BigInteger d = Inverse(Exponent, (p - 1) * (q - 1));
        int half = bits / 16;
        RSAParameters parameters = new()
        {
            Modulus = Write(n, bits / 8),
            Exponent = Exponent.ToByteArray(isUnsigned: true, isBigEndian: true),
            D = Write(d, bits / 8),
            P = Write(p, half),
            Q = Write(q, half),
            DP = Write(d % (p - 1), half),
            DQ = Write(d % (q - 1), half),
            InverseQ = Write(Inverse(q, p), half),
        };
        using RSA check = RSA.Create(parameters);
        return parameters;
    }

    private static BigInteger Inverse(BigInteger value, BigInteger modulus)
    {
        (BigInteger previous, BigInteger rest) = (value % modulus, modulus);
        (BigInteger x, BigInteger next) = (BigInteger.One, BigInteger.Zero);
        while (!rest.IsZero)
        {
            BigInteger quotient = previous / rest;
            (previous, rest) = (rest, previous - (quotient * rest));
            (x, next) = (next, x - (quotient * next));
        }

        CardError.Unless(previous.IsOne, StatusWord.WrongData);
        return x.Sign < 0 ? x + modulus : x;
    }

    private static byte[] Write(BigInteger value, int length)
    {
        byte[] written = value.ToByteArray(isUnsigned: true, isBigEndian: true);
        CardError.Unless(written.Length <= length, StatusWord.WrongData);
        return [.. new byte[length - written.Length], .. written];
    }

    private static byte[] Sized(byte[] value, int length)
    {
        CardError.Unless(value.Length == length, StatusWord.WrongData);
        return value;
    }
}
