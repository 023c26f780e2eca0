using System.Globalization;
using System.Numerics;

namespace SecureAgent.HwSim.Tpm;

/// <summary>A prime curve's domain parameters (FIPS 186-4, D.1.2; a = p - 3) and its group law. .NET gives only the x coordinate of an ECDH
/// result; TPM2_ECDH_ZGen returns the whole point. Not constant-time: a simulator has nothing to hide in time.</summary>
internal sealed class EccCurve
{
    private static readonly EccCurve P256 = new(
        32,
        "FFFFFFFF00000001000000000000000000000000FFFFFFFFFFFFFFFFFFFFFFFF",
        "5AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B",
        "6B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296",
        "4FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5",
        "FFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551");

    private static readonly EccCurve P384 = new(
        48,
        "FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEFFFFFFFF0000000000000000FFFFFFFF",
        "B3312FA7E23EE7E4988E056BE3F82D19181D9C6EFE8141120314088F5013875AC656398D8A2ED19D2A85C8EDD3EC2AEF",
        "AA87CA22BE8B05378EB1C71EF320AD746E1D3B628BA79B9859F741E082542A385502F25DBF55296C3A545E3872760AB7",
        "3617DE4A96262C6F5D9E98BF9292DC29F8F41DBD289A147CE9DA3113B5F0B8C00A60B1CE1D7E819D7A431D7C90EA0E5F",
        "FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFC7634D81F4372DDF581A0DB248B0A77AECEC196ACCC52973");

    private static readonly EccCurve P521 = new(
        66,
        "01FF" + "FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF"
            + "FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF",
        "0051953EB9618E1C9A1F929A21A0B68540EEA2DA725B99B315F3B8B489918EF109E1"
            + "56193951EC7E937B1652C0BD3BB1BF073573DF883D2C34F1EF451FD46B503F00",
        "00C6858E06B70404E9CD9E3ECB662395B4429C648139053FB521F828AF606B4D3DBA"
            + "A14B5E77EFE75928FE1DC127A2FFA8DE3348B3C1856A429BF97E7E31C2E5BD66",
        "011839296A789A3BC0045C8A5FB42C7D1BD998F54449579B446817AFBD17273E662C"
            + "97EE72995EF42640C550B9013FAD0761353C7086A272C24088BE94769FD16650",
        "01FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFA"
            + "51868783BF2F966B7FCC0148F709A5D03BB5C9B8899C47AEBB6FB71E91386409");

    private EccCurve(int size, string p, string b, string gx, string gy, string n)
    {
        Size = size;
        P = Parse(p);
        B = Parse(b);
        Gx = Parse(gx);
        Gy = Parse(gy);
        N = Parse(n);
    }

    /// <summary>Octets of a coordinate.</summary>
    public int Size { get; }

    /// <summary>The field's prime.</summary>
    public BigInteger P { get; }

    /// <summary>The coefficient a.</summary>
    public BigInteger A => P - 3;

    /// <summary>The coefficient b.</summary>
    public BigInteger B { get; }

    /// <summary>The generator's x.</summary>
    public BigInteger Gx { get; }

    /// <summary>The generator's y.</summary>
    public BigInteger Gy { get; }

    /// <summary>The order of the generator.</summary>
    public BigInteger N { get; }

    /// <summary>The generator.</summary>
    public EccPoint Generator => ToPoint(Gx, Gy);

    /// <summary>The parameters of <paramref name="curve"/>.</summary>
    public static EccCurve Of(TPM_ECC_CURVE curve) => curve switch
    {
        TPM_ECC_CURVE.TPM_ECC_NIST_P256 => P256,
        TPM_ECC_CURVE.TPM_ECC_NIST_P384 => P384,
        _ => P521,
    };

    /// <summary>Whether <paramref name="point"/> satisfies the curve's equation.</summary>
    public bool IsOnCurve(EccPoint point)
    {
        BigInteger x = Numbers.Read(point.X);
        BigInteger y = Numbers.Read(point.Y);
        return x < P && y < P && ((y * y) - (x * x * x) - (A * x) - B) % P == 0;
    }

    /// <summary><paramref name="scalar"/> times <paramref name="point"/>; <see langword="null"/> for the point at infinity.</summary>
    public EccPoint? Multiply(EccPoint point, BigInteger scalar)
    {
        (BigInteger X, BigInteger Y, BigInteger Z) result = (1, 1, 0);
        BigInteger x = Numbers.Read(point.X);
        BigInteger y = Numbers.Read(point.Y);
        for (long bit = scalar.GetBitLength() - 1; bit >= 0; bit--)
        {
            result = Double(result);
            if (!((scalar >> (int)bit) & 1).IsZero)
            {
                result = AddAffine(result, x, y);
            }
        }

        if (result.Z.IsZero)
        {
            return null;
        }

        BigInteger inverse = Numbers.Inverse(result.Z, P);
        BigInteger square = inverse * inverse % P;
        return ToPoint(Numbers.Mod(result.X * square, P), Numbers.Mod(result.Y * square * inverse, P));
    }

    private EccPoint ToPoint(BigInteger x, BigInteger y) => new(Numbers.Write(x, Size), Numbers.Write(y, Size));

    // Jacobian coordinates; doubling for a = -3.
    private (BigInteger X, BigInteger Y, BigInteger Z) Double((BigInteger X, BigInteger Y, BigInteger Z) point)
    {
        if (point.Z.IsZero)
        {
            return point;
        }

        BigInteger delta = point.Z * point.Z % P;
        BigInteger gamma = point.Y * point.Y % P;
        BigInteger beta = point.X * gamma % P;
        BigInteger alpha = 3 * (point.X - delta) * (point.X + delta) % P;
        BigInteger x = Numbers.Mod((alpha * alpha) - (8 * beta), P);
        BigInteger z = Numbers.Mod(2 * point.Y * point.Z, P);
        BigInteger y = Numbers.Mod((alpha * ((4 * beta) - x)) - (8 * gamma * gamma), P);
        return (x, y, z);
    }

    private (BigInteger X, BigInteger Y, BigInteger Z) AddAffine(
        (BigInteger X, BigInteger Y, BigInteger Z) left, BigInteger x, BigInteger y)
    {
        if (left.Z.IsZero)
        {
            return (x, y, 1);
        }

        BigInteger zz = left.Z * left.Z % P;
        BigInteger h = Numbers.Mod((x * zz) - left.X, P);
        BigInteger r = Numbers.Mod((y * left.Z * zz) - left.Y, P);
        if (h.IsZero)
        {
            return r.IsZero ? Double(left) : (1, 1, 0);
        }

        BigInteger hh = h * h % P;
        BigInteger hhh = h * hh % P;
        BigInteger v = left.X * hh % P;
        BigInteger sumX = Numbers.Mod((r * r) - hhh - (2 * v), P);
        return (sumX, Numbers.Mod((r * (v - sumX)) - (left.Y * hhh), P), left.Z * h % P);
    }

    private static BigInteger Parse(string hex) =>
        BigInteger.Parse("0" + hex, NumberStyles.HexNumber, CultureInfo.InvariantCulture);
}
