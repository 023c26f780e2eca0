using System.Security.Cryptography;
using SecureAgent.Backends.PrivateKeys;
using SecureAgent.Core;
using SecureAgent.Wire;

namespace SecureAgent.Backends.Piv;

/// <summary>An existing private key, in the form in which cards take it. Disposing zeroes it.</summary>
internal sealed class PivPrivateKey : IDisposable
{
    private PivPrivateKey(PublicKey publicKey, int firstTag, byte[][] parts) =>
        (PublicKey, FirstTag, Parts) = (publicKey, firstTag, parts);

    /// <summary>Its public half.</summary>
    public PublicKey PublicKey { get; }

    /// <summary>As in <see cref="PivCommands.Import"/>.</summary>
    public int FirstTag { get; }

    /// <summary>As in <see cref="PivCommands.Import"/>; pinned.</summary>
    public byte[][] Parts { get; }

    /// <summary>Takes what a file had, which stays the caller's.</summary>
    /// <exception cref="BackendException">No card takes such a key.</exception>
    public static PivPrivateKey From(PrivateKeyMaterial key, string fileName, ISecretMemory memory)
    {
        if (key.Ed25519Seed is byte[] seed)
        {
            return new PivPrivateKey(
                new Ed25519PublicKey(Ed25519.PublicKeyOf(seed)), 0x07, [Padded(seed, seed.Length)]);
        }

        if (key.Ecdsa is ECParameters ecdsa)
        {
            EcdsaCurve curve = CurveOf(ecdsa) ?? throw Refused(fileName, "cards have the curves P-256 and P-384 only");
            byte[] point = [4, .. Padded(ecdsa.Q.X, curve.FieldBytes), .. Padded(ecdsa.Q.Y, curve.FieldBytes)];
            return new PivPrivateKey(
                new EcdsaPublicKey(curve, point), 0x06, [Padded(ecdsa.D, curve.FieldBytes)]);
        }

        RSAParameters rsa = key.Rsa.GetValueOrDefault();
        RsaPublicKey publicKey = new(rsa.Exponent, rsa.Modulus);
        if (publicKey.SizeBits is not (2048 or 3072 or 4096))
        {
            throw Refused(
                fileName, $"it is an RSA key of {publicKey.SizeBits} bits, and cards take 2048, 3072 and 4096");
        }

        if (!publicKey.Exponent.Span.SequenceEqual<byte>([1, 0, 1]))
        {
            throw Refused(fileName, "it is an RSA key with another public exponent than 65537");
        }

        int half = publicKey.Modulus.Length / 2;
        return new PivPrivateKey(publicKey, 0x01,
        [
            Padded(rsa.P, half), Padded(rsa.Q, half), Exponent(rsa.DP, rsa.D, rsa.P, half, memory),
            Exponent(rsa.DQ, rsa.D, rsa.Q, half, memory), Padded(rsa.InverseQ, half),
        ]);
    }

    /// <summary>Zeroes the numbers.</summary>
    public void Dispose()
    {
        foreach (byte[] part in Parts)
        {
            CryptographicOperations.ZeroMemory(part);
        }
    }

    // d modulo (prime - 1), which OpenSSH's files leave out.
    private static byte[] Exponent(byte[]? known, byte[]? d, byte[]? prime, int length, ISecretMemory memory)
    {
        if (known is not null)
        {
            return Padded(known, length);
        }

        byte[] exponent = GC.AllocateArray<byte>(length, pinned: true);
        int words = SecretNumbers.WordsFor(length);
        using SecretNumbers numbers = new(memory, 4 * words);
        Span<ulong> order = numbers.Add(Trimmed(prime), words);
        order[0]--; // The prime is odd: nothing to borrow.
        Span<ulong> remainder = numbers.Add([], words);
        SecretNumbers.Remainder(numbers.Add(Trimmed(d), 2 * words), order, remainder);
        SecretNumbers.Write(remainder, exponent);
        return exponent;
    }

    private static byte[] Padded(byte[]? number, int length)
    {
        ReadOnlySpan<byte> digits = Trimmed(number);
        if (digits.Length > length)
        {
            throw new BackendException("A number of the private key is larger than its key. The file is damaged.");
        }

        byte[] padded = GC.AllocateArray<byte>(length, pinned: true);
        digits.CopyTo(padded.AsSpan(length - digits.Length));
        return padded;
    }

    private static ReadOnlySpan<byte> Trimmed(byte[]? number) => number.AsSpan().TrimStart((byte)0);

    private static EcdsaCurve? CurveOf(ECParameters key)
    {
        foreach (EcdsaCurve curve in (ReadOnlySpan<EcdsaCurve>)[EcdsaCurve.NistP256, EcdsaCurve.NistP384])
        {
            Oid oid = curve.Parameters.Oid;
            if (key.Curve.Oid?.Value == oid.Value || key.Curve.Oid?.FriendlyName == oid.FriendlyName)
            {
                return curve;
            }
        }

        return null;
    }

    private static BackendException Refused(string fileName, string why) =>
        new($"{fileName} cannot go to a card: {why}.");
}
