using SecureAgent.Backends.PrivateKeys;
using SecureAgent.Core;
using SecureAgent.Wire;

namespace SecureAgent.Backends.Software;

/// <summary>The private numbers of an RSA key, big-endian, one behind the other: d as long as the modulus; then p, q,
/// d mod (p - 1), d mod (q - 1) and the inverse of q modulo p, each half as long, rounded up.</summary>
internal readonly ref struct RsaPrivateNumbers
{
    private const int MaxExponentBytes = 8; // OpenSSL and Windows take no longer ones.

    private readonly Span<byte> _all;
    private readonly int _modulusBytes;
    private readonly int _half;

    /// <summary>Names the parts of <paramref name="all"/>.</summary>
    public RsaPrivateNumbers(Span<byte> all, int modulusBytes)
    {
        _all = all;
        _modulusBytes = modulusBytes;
        _half = (modulusBytes + 1) / 2;
    }

    /// <summary>The private exponent.</summary>
    public Span<byte> D => _all[.._modulusBytes];

    /// <summary>The first prime.</summary>
    public Span<byte> P => Half(0);

    /// <summary>The second prime.</summary>
    public Span<byte> Q => Half(1);

    /// <summary>d mod (p - 1).</summary>
    public Span<byte> ExponentP => Half(2);

    /// <summary>d mod (q - 1).</summary>
    public Span<byte> ExponentQ => Half(3);

    /// <summary>The inverse of q modulo p.</summary>
    public Span<byte> InverseQ => Half(4);

    /// <summary>Checks that the numbers belong together, and computes what the wire does not carry. That p and q are
    /// primes is not checked: a signature shows it.</summary>
    /// <returns>The encoding; the caller disposes it.</returns>
    /// <exception cref="BackendException">They do not, or the size is not taken.</exception>
    public static Secret Encode(RsaPrivateKey key, ISecretMemory memory)
    {
        RsaPublicKey publicKey = key.Key;
        RequireSize(publicKey);
        int modulusBytes = publicKey.Modulus.Length;
        int half = (modulusBytes + 1) / 2;
        Secret encoded = memory.Allocate(modulusBytes + (5 * half));
        RsaPrivateNumbers numbers = new(encoded.Span, modulusBytes);
        if (TryCopy(key.D, numbers.D) && TryCopy(key.P, numbers.P) && TryCopy(key.Q, numbers.Q)
            && TryCopy(key.InverseQ, numbers.InverseQ) && numbers.Complete(publicKey, memory))
        {
            return encoded;
        }

        encoded.Dispose();
        throw PrivateKeyEncoding.Mismatch(publicKey);
    }

    private static void RequireSize(RsaPublicKey key)
    {
        if (key.SizeBits < SoftwareKeys.MinRsaModulusBits)
        {
            throw new BackendException($"The key {key} has {key.SizeBits} bits, and RSA keys of less than "
                + $"{SoftwareKeys.MinRsaModulusBits} bits are not safe. Make a new key: ssh-keygen -t ed25519");
        }

        ReadOnlySpan<byte> exponent = key.Exponent.Span;
        if (exponent.Length > MaxExponentBytes || (exponent[^1] & 1) == 0 || exponent is [1])
        {
            throw new BackendException($"The key {key} has a public exponent that is even, 1, or longer than 64 bits. "
                + "Make a new key: ssh-keygen -t ed25519");
        }
    }

    /// <summary>Copies a number, padded on the left, if it fits.</summary>
    private static bool TryCopy(ReadOnlySpan<byte> number, Span<byte> target)
    {
        number = number.TrimStart((byte)0);
        if (number.Length > target.Length)
        {
            return false;
        }

        number.CopyTo(target[^number.Length..]);
        return true;
    }

    private Span<byte> Half(int index) => _all.Slice(_modulusBytes + (index * _half), _half);

    private bool Complete(RsaPublicKey key, ISecretMemory memory)
    {
        if ((P[^1] & Q[^1] & 1) == 0)
        {
            return false;
        }

        int words = SecretNumbers.WordsFor(_half);
        using SecretNumbers numbers = new(memory, (16 * words) + 2);
        Span<ulong> p = numbers.Add(P, words);
        Span<ulong> q = numbers.Add(Q, words);
        Span<ulong> d = numbers.Add(D, 2 * words);
        Span<ulong> modulus = numbers.Add(key.Modulus.Span, 2 * words);
        Span<ulong> product = numbers.Add([], 2 * words);
        SecretNumbers.Multiply(p, q, product);
        return product.SequenceEqual(modulus)
            && CompleteExponent(key, d, p, ExponentP, numbers)
            && CompleteExponent(key, d, q, ExponentQ, numbers)
            && IsInverse(numbers.Add(InverseQ, words), q, p, product, numbers);
    }

    /// <summary>Computes d modulo (prime - 1); its product with e must be 1 there.</summary>
    private static bool CompleteExponent(
        RsaPublicKey key,
        ReadOnlySpan<ulong> d,
        ReadOnlySpan<ulong> prime,
        Span<byte> exponent,
        SecretNumbers numbers)
    {
        Span<ulong> order = numbers.Add([], prime.Length);
        prime.CopyTo(order);
        order[0]--; // The prime is odd: nothing to borrow.
        Span<ulong> reduced = numbers.Add([], prime.Length);
        SecretNumbers.Remainder(d, order, reduced);
        SecretNumbers.Write(reduced, exponent);
        Span<ulong> product = numbers.Add([], prime.Length + 1);
        SecretNumbers.Multiply(reduced, [SecretNumbers.Word(key.Exponent.Span)], product);
        SecretNumbers.Remainder(product, order, reduced);
        return SecretNumbers.IsOne(reduced);
    }

    /// <summary>Whether <paramref name="inverse"/>, reduced, is that of q modulo p. <paramref name="product"/> is
    /// overwritten.</summary>
    private static bool IsInverse(
        ReadOnlySpan<ulong> inverse,
        ReadOnlySpan<ulong> q,
        ReadOnlySpan<ulong> p,
        Span<ulong> product,
        SecretNumbers numbers)
    {
        Span<ulong> reduced = numbers.Add([], p.Length);
        SecretNumbers.Remainder(inverse, p, reduced);
        if (!reduced.SequenceEqual(inverse))
        {
            return false;
        }

        SecretNumbers.Multiply(inverse, q, product);
        SecretNumbers.Remainder(product, p, reduced);
        return SecretNumbers.IsOne(reduced);
    }
}
