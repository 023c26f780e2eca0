using System.Runtime.InteropServices;
using SecureAgent.Core;

namespace SecureAgent.Backends.PrivateKeys;

/// <summary>Unsigned numbers in secret memory, as 64-bit words, the lowest first, and the little arithmetic that an RSA
/// key needs before a library takes it: <see cref="System.Numerics.BigInteger"/> leaves its numbers on the managed
/// heap. Time depends on the sizes alone.</summary>
internal sealed class SecretNumbers : IDisposable
{
    private readonly Secret _memory;
    private int _used;

    /// <summary>Has room for <paramref name="words"/> words.</summary>
    public SecretNumbers(ISecretMemory memory, int words) => _memory = memory.Allocate(words * sizeof(ulong));

    /// <summary>How many words hold <paramref name="bytes"/> bytes.</summary>
    public static int WordsFor(int bytes) => (bytes + sizeof(ulong) - 1) / sizeof(ulong);

    /// <summary>A number of up to 64 bits, from big-endian bytes.</summary>
    public static ulong Word(ReadOnlySpan<byte> bigEndian)
    {
        ulong word = 0;
        foreach (byte next in bigEndian)
        {
            word = (word << 8) | next;
        }

        return word;
    }

    /// <summary>The product of <paramref name="a"/> and <paramref name="b"/>.</summary>
    /// <param name="a">Any number.</param>
    /// <param name="b">Any number.</param>
    /// <param name="product">As many words as both together.</param>
    public static void Multiply(ReadOnlySpan<ulong> a, ReadOnlySpan<ulong> b, Span<ulong> product)
    {
        product.Clear();
        for (int i = 0; i < a.Length; i++)
        {
            ulong carry = 0;
            for (int j = 0; j < b.Length; j++)
            {
                UInt128 sum = Math.BigMul(a[i], b[j]) + (UInt128)product[i + j] + carry;
                product[i + j] = (ulong)sum;
                carry = (ulong)(sum >> 64);
            }

            product[i + b.Length] = carry;
        }
    }

    /// <summary>What is left of <paramref name="number"/> modulo <paramref name="modulus"/>, bit by bit.</summary>
    /// <param name="number">Any number.</param>
    /// <param name="modulus">Not zero.</param>
    /// <param name="remainder">As many words as the modulus; not the same memory as the number.</param>
    public static void Remainder(ReadOnlySpan<ulong> number, ReadOnlySpan<ulong> modulus, Span<ulong> remainder)
    {
        remainder.Clear();
        for (int bit = (number.Length * 64) - 1; bit >= 0; bit--)
        {
            ulong carry = Double(remainder, (number[bit / 64] >> (bit % 64)) & 1);
            ulong borrow = Subtract(remainder, modulus);
            // Too much was taken away if that borrowed more than the doubling had carried.
            AddBack(remainder, modulus, 0 - (borrow & (carry ^ 1)));
        }
    }

    /// <summary>Writes <paramref name="number"/> big-endian, padded on the left or cut there.</summary>
    public static void Write(ReadOnlySpan<ulong> number, Span<byte> bigEndian)
    {
        for (int i = 0; i < bigEndian.Length; i++)
        {
            int word = i / sizeof(ulong);
            bigEndian[^(i + 1)] = word < number.Length ? (byte)(number[word] >> (8 * (i % sizeof(ulong)))) : (byte)0;
        }
    }

    /// <summary>Whether <paramref name="number"/> is 1.</summary>
    public static bool IsOne(ReadOnlySpan<ulong> number)
    {
        ulong others = number[0] ^ 1;
        foreach (ulong word in number[1..])
        {
            others |= word;
        }

        return others == 0;
    }

    /// <summary>Adds a number, from big-endian bytes.</summary>
    /// <param name="bigEndian">Not longer than <paramref name="words"/>; empty for zero.</param>
    /// <param name="words">How many words it gets.</param>
    public Span<ulong> Add(ReadOnlySpan<byte> bigEndian, int words)
    {
        Span<ulong> number = MemoryMarshal.Cast<byte, ulong>(_memory.Span).Slice(_used, words);
        _used += words;
        for (int i = 0; i < bigEndian.Length; i++)
        {
            number[i / sizeof(ulong)] |= (ulong)bigEndian[^(i + 1)] << (8 * (i % sizeof(ulong)));
        }

        return number;
    }

    /// <summary>Zeroes all numbers.</summary>
    public void Dispose() => _memory.Dispose();

    private static ulong Double(Span<ulong> number, ulong carry)
    {
        for (int i = 0; i < number.Length; i++)
        {
            ulong word = number[i];
            number[i] = (word << 1) | carry;
            carry = word >> 63;
        }

        return carry;
    }

    private static ulong Subtract(Span<ulong> number, ReadOnlySpan<ulong> other)
    {
        ulong borrow = 0;
        for (int i = 0; i < number.Length; i++)
        {
            UInt128 difference = (UInt128)number[i] - other[i] - borrow;
            number[i] = (ulong)difference;
            borrow = (ulong)(difference >> 64) & 1;
        }

        return borrow;
    }

    private static void AddBack(Span<ulong> number, ReadOnlySpan<ulong> other, ulong mask)
    {
        ulong carry = 0;
        for (int i = 0; i < number.Length; i++)
        {
            UInt128 sum = (UInt128)number[i] + (other[i] & mask) + carry;
            number[i] = (ulong)sum;
            carry = (ulong)(sum >> 64);
        }
    }
}
