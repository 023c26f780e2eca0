using System.Numerics;

namespace SecureAgent.Backends.Piv;

/// <summary>The test for RSA keys of Infineon's flawed generator (Nemec, Sys, Svenda, Klinec, Matyas: The Return of
/// Coppersmith's Attack, 2017, section 2.3). Its primes are <c>k * M + (65537^a mod M)</c> with M the product of the
/// first primes, so that modulo each of those the modulus is a power of 65537. Of other moduli hardly one in 2^150 is
/// that for all of them.</summary>
internal static class RocaFingerprint
{
    private const int Generator = 65537;

    // M of the smallest keys (512 bits) has the first 39 primes, and of larger keys more; 2 tells nothing.
    private static readonly int[] Primes =
    [
        3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83, 89, 97, 101, 103, 107, 109,
        113, 127, 131, 137, 139, 149, 151, 157, 163, 167,
    ];

    private static readonly bool[][] Powers = [.. Primes.Select(PowersModulo)];

    /// <summary>Whether <paramref name="modulus"/>, big-endian, has the fingerprint.</summary>
    public static bool Matches(ReadOnlySpan<byte> modulus)
    {
        BigInteger number = new(modulus, isUnsigned: true, isBigEndian: true);
        for (int i = 0; i < Primes.Length; i++)
        {
            if (!Powers[i][(int)(number % Primes[i])])
            {
                return false;
            }
        }

        return true;
    }

    private static bool[] PowersModulo(int prime)
    {
        bool[] powers = new bool[prime];
        int power = 1;
        do
        {
            powers[power] = true;
            power = (int)((long)power * Generator % prime);
        }
        while (!powers[power]);

        return powers;
    }
}
