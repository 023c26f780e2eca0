using System.Numerics;

namespace SecureAgent.HwSim.Tpm;

/// <summary>Integers as big-endian octets, and the number theory that .NET does not offer.</summary>
internal static class Numbers
{
    private const int MillerRabinRounds = 8;
    private static readonly uint[] SmallPrimes = Sieve(4096);

    /// <summary>An unsigned big-endian integer.</summary>
    public static BigInteger Read(ReadOnlySpan<byte> value) => new(value, isUnsigned: true, isBigEndian: true);

    /// <summary>Writes <paramref name="value"/> with zeros in front, <paramref name="length"/> octets.</summary>
    public static byte[] Write(BigInteger value, int length) =>
        Bytes.LeftPad(value.ToByteArray(isUnsigned: true, isBigEndian: true), length);

    /// <summary><paramref name="value"/> mod <paramref name="modulus"/>, never negative.</summary>
    public static BigInteger Mod(BigInteger value, BigInteger modulus)
    {
        BigInteger rest = value % modulus;
        return rest.Sign < 0 ? rest + modulus : rest;
    }

    /// <summary>The inverse modulo <paramref name="modulus"/>; zero if there is none.</summary>
    public static BigInteger Inverse(BigInteger value, BigInteger modulus)
    {
        BigInteger a = Mod(value, modulus);
        BigInteger b = modulus;
        BigInteger x = BigInteger.One;
        BigInteger y = BigInteger.Zero;
        while (!a.IsZero)
        {
            BigInteger quotient = b / a;
            (b, a) = (a, b - (quotient * a));
            (y, x) = (x, y - (quotient * x));
        }

        return b.IsOne ? Mod(y, modulus) : BigInteger.Zero;
    }

    /// <summary>Whether <paramref name="value"/> is a prime, by trial division.</summary>
    public static bool IsPrime(uint value)
    {
        for (uint divisor = 2; (ulong)divisor * divisor <= value; divisor++)
        {
            if (value % divisor == 0)
            {
                return false;
            }
        }

        return value > 1;
    }

    /// <summary>The first prime found from <paramref name="source"/> with <paramref name="bits"/> bits, the two highest set,
    /// for which <paramref name="exponent"/> has an inverse modulo the prime less one.</summary>
    public static BigInteger FindPrime(KeySource source, int bits, BigInteger exponent)
    {
        while (true)
        {
            byte[] candidateBytes = source.Next(bits / 8);
            candidateBytes[0] |= 0xC0;
            candidateBytes[^1] |= 0x01;
            BigInteger candidate = Read(candidateBytes);

            // Walk up from the random start: a fresh draw for every candidate would cost more and gain nothing here.
            for (int step = 0; step < bits; step++, candidate += 2)
            {
                if (!HasSmallFactor(candidate) && !((candidate - 1) % exponent).IsZero && IsPrime(candidate, source))
                {
                    return candidate;
                }
            }
        }
    }

    private static bool HasSmallFactor(BigInteger candidate) =>
        Array.Exists(SmallPrimes, prime => (candidate % prime).IsZero);

    private static bool IsPrime(BigInteger candidate, KeySource source)
    {
        BigInteger minusOne = candidate - 1;
        BigInteger odd = minusOne;
        int twos = 0;
        while (odd.IsEven)
        {
            odd >>= 1;
            twos++;
        }

        for (int round = 0; round < MillerRabinRounds; round++)
        {
            BigInteger witness = BigInteger.ModPow(2 + (Read(source.Next(16)) % (candidate - 4)), odd, candidate);
            if (!IsProbablePrime(witness, minusOne, candidate, twos))
            {
                return false;
            }
        }

        return true;
    }

    private static bool IsProbablePrime(BigInteger witness, BigInteger minusOne, BigInteger candidate, int twos)
    {
        if (witness.IsOne || witness == minusOne)
        {
            return true;
        }

        for (int i = 1; i < twos; i++)
        {
            witness = witness * witness % candidate;
            if (witness == minusOne)
            {
                return true;
            }
        }

        return false;
    }

    private static uint[] Sieve(int below)
    {
        bool[] composite = new bool[below];
        List<uint> primes = [];
        for (int i = 2; i < below; i++)
        {
            if (composite[i])
            {
                continue;
            }

            primes.Add((uint)i);
            for (int multiple = i * 2; multiple < below; multiple += i)
            {
                composite[multiple] = true;
            }
        }

        return [.. primes];
    }
}
