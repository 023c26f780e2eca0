using System.Numerics;
using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace SecureAgent.Wire;

/// <summary>The block cipher Blowfish (B. Schneier, 1993) with the salted key schedule of bcrypt (N. Provos, D.
/// Mazières, 1999). It is here for <see cref="BcryptPbkdf"/> only.</summary>
internal sealed class Blowfish : IDisposable
{
    private const int PWords = 18;
    private const int SWords = 4 * 256;

    // The start values are by definition the first binary digits behind the point of pi: the P array, then the S boxes.
    private static readonly Lazy<uint[]> Pi = new(FractionOfPi);

    // P array, then the four S boxes; pinned because it depends on the passphrase.
    private readonly uint[] _state = GC.AllocateUninitializedArray<uint>(PWords + SWords, pinned: true);

    /// <summary>Starts the schedule with salt and key; both are cycled through.</summary>
    public Blowfish(ReadOnlySpan<byte> salt, ReadOnlySpan<byte> key)
    {
        Pi.Value.CopyTo(_state.AsSpan());
        Expand(salt, key);
    }

    /// <summary>Zeroes the schedule.</summary>
    public void Dispose() => CryptographicOperations.ZeroMemory(MemoryMarshal.AsBytes(_state.AsSpan()));

    /// <summary>Continues the schedule with a key and no salt.</summary>
    public void Expand(ReadOnlySpan<byte> key) => Expand([], key);

    /// <summary>Encrypts one block in place.</summary>
    public void Encrypt(ref uint left, ref uint right)
    {
        ReadOnlySpan<uint> p = _state.AsSpan(0, PWords);
        ReadOnlySpan<uint> s0 = _state.AsSpan(PWords, 256);
        ReadOnlySpan<uint> s1 = _state.AsSpan(PWords + 256, 256);
        ReadOnlySpan<uint> s2 = _state.AsSpan(PWords + 512, 256);
        ReadOnlySpan<uint> s3 = _state.AsSpan(PWords + 768, 256);
        uint l = left ^ p[0];
        uint r = right;
        for (int i = 1; i < PWords - 1; i += 2)
        {
            r ^= (((s0[(byte)(l >> 24)] + s1[(byte)(l >> 16)]) ^ s2[(byte)(l >> 8)]) + s3[(byte)l]) ^ p[i];
            l ^= (((s0[(byte)(r >> 24)] + s1[(byte)(r >> 16)]) ^ s2[(byte)(r >> 8)]) + s3[(byte)r]) ^ p[i + 1];
        }

        (left, right) = (r ^ p[PWords - 1], l);
    }

    private static uint[] FractionOfPi()
    {
        // Machin: pi = 16 arctan(1/5) - 4 arctan(1/239), in fixed point with 64 guard bits.
        const int Bits = (PWords + SWords) * 32;
        const int Guard = 64;
        BigInteger pi = ((16 * ArctanOfInverse(5)) - (4 * ArctanOfInverse(239))) >> Guard;
        byte[] bytes = (pi & ((BigInteger.One << Bits) - 1)).ToByteArray(isUnsigned: true, isBigEndian: true);
        uint[] words = new uint[PWords + SWords];
        int position = 0;
        for (int i = 0; i < words.Length; i++)
        {
            words[i] = NextWord(bytes, ref position);
        }

        return words;

        static BigInteger ArctanOfInverse(int x)
        {
            BigInteger power = (BigInteger.One << (Bits + Guard)) / x;
            BigInteger sum = power;
            for (int n = 3; !power.IsZero; n += 2)
            {
                power /= x * x;
                sum += n % 4 == 3 ? -power / n : power / n;
            }

            return sum;
        }
    }

    private static uint NextWord(ReadOnlySpan<byte> bytes, ref int position)
    {
        uint word = 0;
        for (int i = 0; i < 4; i++)
        {
            word = (word << 8) | bytes[position];
            position = (position + 1) % bytes.Length;
        }

        return word;
    }

    private void Expand(ReadOnlySpan<byte> salt, ReadOnlySpan<byte> key)
    {
        int position = 0;
        for (int i = 0; i < PWords; i++)
        {
            _state[i] ^= NextWord(key, ref position);
        }

        (uint left, uint right) = (0, 0);
        position = 0;
        for (int i = 0; i < _state.Length; i += 2)
        {
            if (!salt.IsEmpty)
            {
                left ^= NextWord(salt, ref position);
                right ^= NextWord(salt, ref position);
            }

            Encrypt(ref left, ref right);
            (_state[i], _state[i + 1]) = (left, right);
        }
    }
}
