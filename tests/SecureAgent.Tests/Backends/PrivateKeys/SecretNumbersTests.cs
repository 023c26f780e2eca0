using System.Numerics;
using System.Runtime.InteropServices;
using SecureAgent.Backends.PrivateKeys;

namespace SecureAgent.Tests.Backends.PrivateKeys;

/// <summary>The arithmetic, against that of .NET.</summary>
public sealed class SecretNumbersTests
{
    private const ulong Ones = ulong.MaxValue;

    public static TheoryData<ulong[], ulong[]> Pairs
    {
        get
        {
            TheoryData<ulong[], ulong[]> pairs = new()
            {
                { [0], [1] },
                { [1], [1] },
                { [Ones, Ones, Ones], [Ones] },
                { [Ones, Ones, Ones], [Ones, Ones] },
                { [0, 0, 0, 1], [0, 1UL << 63] },
                { [Ones, Ones, Ones, Ones], [1, 1UL << 63] },
                { [5], [0, 0, 1] },
            };
            Random random = new(1);
            for (int i = 0; i < 50; i++)
            {
                pairs.Add(Draw(random, random.Next(1, 9)), Draw(random, random.Next(1, 9)));
            }

            return pairs;
        }
    }

    [Theory]
    [MemberData(nameof(Pairs))]
    public void Product_and_remainder_are_right(ulong[] a, ulong[] b)
    {
        ulong[] product = Draw(new Random(2), a.Length + b.Length);
        SecretNumbers.Multiply(a, b, product);
        Assert.Equal(Number(a) * Number(b), Number(product));
        ulong[] remainder = Draw(new Random(3), b.Length);
        SecretNumbers.Remainder(a, b, remainder);
        Assert.Equal(Number(a) % Number(b), Number(remainder));
    }

    [Theory]
    [InlineData("", 1)]
    [InlineData("01", 1)]
    [InlineData("0102030405060708", 1)]
    [InlineData("FF0102030405060708", 2)]
    public void Bytes_become_words_and_bytes_again(string hex, int words)
    {
        byte[] bytes = Convert.FromHexString(hex);
        using SecretNumbers numbers = new(new SecureAgent.Backends.Memory.LockedMemory(), words);
        Span<ulong> number = numbers.Add(bytes, words);
        Assert.Equal(new BigInteger(bytes, isUnsigned: true, isBigEndian: true), Number(number.ToArray()));
        byte[] written = new byte[bytes.Length];
        SecretNumbers.Write(number, written);
        Assert.Equal(bytes, written);
    }

    private static ulong[] Draw(Random random, int words)
    {
        ulong[] number = new ulong[words];
        random.NextBytes(MemoryMarshal.AsBytes(number.AsSpan()));
        return number;
    }

    private static BigInteger Number(ulong[] words) =>
        words.Reverse().Aggregate(BigInteger.Zero, (number, word) => (number << 64) + word);
}
