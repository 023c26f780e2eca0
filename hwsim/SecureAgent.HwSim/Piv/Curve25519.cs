using System.Globalization;
using System.Numerics;
using System.Security.Cryptography;

namespace SecureAgent.HwSim.Piv;

/// <summary>Ed25519 (RFC 8032, 5.1) and X25519 (RFC 7748, 5), which .NET lacks. Not constant-time: a simulator has
/// nothing to hide in time.</summary>
internal static class Curve25519
{
    /// <summary>Bytes of a private key, a public key and a shared secret.</summary>
    public const int Size = 32;

    private const int Bits = 255;
    private const int A24 = 121665;

    private static readonly BigInteger P = (BigInteger.One << Bits) - 19;
    private static readonly BigInteger L = (BigInteger.One << 252)
        + BigInteger.Parse("27742317777372353535851937790883648493", CultureInfo.InvariantCulture);

    private static readonly BigInteger D = Mod(-121665 * Inverse(121666));
    private static readonly BigInteger BaseY = Mod(4 * Inverse(5));
    private static readonly BigInteger BaseX = BigInteger.Parse(
        "15112221349535400772501151409588531511454012693041857206046113283949847762202", CultureInfo.InvariantCulture);

    private static readonly Point Base = new(BaseX, BaseY, BigInteger.One, Mod(BaseX * BaseY));

    /// <summary>The public key of an Ed25519 seed.</summary>
    public static byte[] EdPublicKey(byte[] seed) => Encode(Multiply(Base, Scalar(SHA512.HashData(seed))));

    /// <summary>Signs a whole message.</summary>
    /// <returns>R and S, 64 bytes.</returns>
    public static byte[] EdSign(byte[] seed, byte[] publicKey, byte[] message)
    {
        byte[] hash = SHA512.HashData(seed);
        BigInteger r = Read(SHA512.HashData([.. hash.AsSpan(Size), .. message])) % L;
        byte[] encodedR = Encode(Multiply(Base, r));
        BigInteger k = Read(SHA512.HashData([.. encodedR, .. publicKey, .. message])) % L;
        return [.. encodedR, .. Write((r + (k * Scalar(hash))) % L)];
    }

    /// <summary>The public key of an X25519 private key.</summary>
    public static byte[] XPublicKey(byte[] privateKey) => XAgree(privateKey, [9, .. new byte[Size - 1]]);

    /// <summary>The shared secret.</summary>
    public static byte[] XAgree(byte[] privateKey, byte[] peer)
    {
        BigInteger k = Scalar(privateKey);
        BigInteger x1 = Read(peer) & ((BigInteger.One << Bits) - 1);
        (BigInteger x2, BigInteger z2) = (BigInteger.One, BigInteger.Zero);
        (BigInteger x3, BigInteger z3) = (x1, BigInteger.One);
        for (int bit = Bits - 1; bit >= 0; bit--)
        {
            bool swap = !((k >> bit) & 1).IsZero;
            if (swap)
            {
                (x2, z2, x3, z3) = (x3, z3, x2, z2);
            }

            BigInteger aa = Mod((x2 + z2) * (x2 + z2));
            BigInteger bb = Mod((x2 - z2) * (x2 - z2));
            BigInteger e = aa - bb;
            BigInteger da = Mod((x3 - z3) * (x2 + z2));
            BigInteger cb = Mod((x3 + z3) * (x2 - z2));
            x3 = Mod((da + cb) * (da + cb));
            z3 = Mod(x1 * Mod((da - cb) * (da - cb)));
            x2 = Mod(aa * bb);
            z2 = Mod(e * (aa + (A24 * e)));
            if (swap)
            {
                (x2, z2, x3, z3) = (x3, z3, x2, z2);
            }
        }

        return Write(Mod(x2 * Inverse(z2)));
    }

    // The same clamping for both.
    private static BigInteger Scalar(ReadOnlySpan<byte> secret)
    {
        byte[] clamped = secret[..Size].ToArray();
        clamped[0] &= 0xF8;
        clamped[^1] = (byte)((clamped[^1] & 0x7F) | 0x40);
        return Read(clamped);
    }

    private static Point Multiply(Point point, BigInteger scalar)
    {
        Point result = new(BigInteger.Zero, BigInteger.One, BigInteger.One, BigInteger.Zero);
        for (long bit = scalar.GetBitLength() - 1; bit >= 0; bit--)
        {
            result = Double(result);
            if (!((scalar >> (int)bit) & 1).IsZero)
            {
                result = Add(result, point);
            }
        }

        return result;
    }

    private static Point Add(Point left, Point right)
    {
        BigInteger a = Mod((left.Y - left.X) * (right.Y - right.X));
        BigInteger b = Mod((left.Y + left.X) * (right.Y + right.X));
        BigInteger c = Mod(Mod(2 * left.T * right.T) * D);
        BigInteger d = Mod(2 * left.Z * right.Z);
        return Combine(b - a, d - c, d + c, b + a);
    }

    private static Point Double(Point point)
    {
        BigInteger a = Mod(point.X * point.X);
        BigInteger b = Mod(point.Y * point.Y);
        BigInteger c = Mod(2 * point.Z * point.Z);
        BigInteger h = a + b;
        BigInteger e = h - Mod((point.X + point.Y) * (point.X + point.Y));
        BigInteger g = a - b;
        return Combine(e, c + g, g, h);
    }

    private static Point Combine(BigInteger e, BigInteger f, BigInteger g, BigInteger h) =>
        new(Mod(e * f), Mod(g * h), Mod(f * g), Mod(e * h));

    private static byte[] Encode(Point point)
    {
        BigInteger inverse = Inverse(point.Z);
        byte[] encoded = Write(Mod(point.Y * inverse));
        if (!Mod(point.X * inverse).IsEven)
        {
            encoded[^1] |= 0x80;
        }

        return encoded;
    }

    private static BigInteger Inverse(BigInteger value) => BigInteger.ModPow(Mod(value), P - 2, P);

    private static BigInteger Mod(BigInteger value)
    {
        BigInteger rest = value % P;
        return rest.Sign < 0 ? rest + P : rest;
    }

    private static BigInteger Read(ReadOnlySpan<byte> littleEndian) => new(littleEndian, isUnsigned: true);

    private static byte[] Write(BigInteger value)
    {
        byte[] written = new byte[Size];
        value.ToByteArray(isUnsigned: true).CopyTo(written, 0);
        return written;
    }

    // Extended homogeneous coordinates: x = X/Z, y = Y/Z, xy = T/Z.
    private readonly record struct Point(BigInteger X, BigInteger Y, BigInteger Z, BigInteger T);
}
