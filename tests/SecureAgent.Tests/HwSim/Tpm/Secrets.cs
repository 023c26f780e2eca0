using System.Security.Cryptography;
using System.Text;
using SecureAgent.Tests.HwSim.Differential;

namespace SecureAgent.Tests.HwSim.Tpm;

/// <summary>A secret for the holder of a TPM key (Part 1, B.10 and C.6), made by the caller.</summary>
internal static class Secrets
{
    /// <summary>The secret and its encryption to the key with this TPMT_PUBLIC (ECC P-256 or RSA 2048, SHA-256).</summary>
    public static (byte[] Secret, byte[] Encrypted) For(byte[] publicArea, string label)
    {
        if (publicArea[1] == 0x01)
        {
            using RSA rsa = RSA.Create(new RSAParameters { Modulus = publicArea[^256..], Exponent = [1, 0, 1] });
            byte[] secret = RandomNumberGenerator.GetBytes(32);
            return (secret, Oaep(rsa, secret, label));
        }

        byte[] x = publicArea[^66..^34];
        using ECDiffieHellman peer = ECDiffieHellman.Create(new ECParameters
        {
            Curve = ECCurve.NamedCurves.nistP256,
            Q = new ECPoint { X = x, Y = publicArea[^32..] },
        });
        using ECDiffieHellman ephemeral = ECDiffieHellman.Create(ECCurve.NamedCurves.nistP256);
        ECPoint point = ephemeral.ExportParameters(false).Q;
        byte[] z = ephemeral.DeriveRawSecretAgreement(peer.PublicKey);
        byte[] derived = SHA256.HashData([0, 0, 0, 1, .. z, .. Encoding.ASCII.GetBytes(label), 0, .. point.X!, .. x]);
        return (derived, new TpmCommand(0).Sized(point.X!).Sized(point.Y!).Parameters);
    }

    // OAEP with a label, which .NET does not have: EME-OAEP of RFC 8017, 7.1.1, then the raw public operation.
    private static byte[] Oaep(RSA rsa, byte[] message, string label)
    {
        byte[] db = [.. SHA256.HashData([.. Encoding.ASCII.GetBytes(label), 0]), .. new byte[256 - message.Length - 66], 1, .. message];
        byte[] seed = RandomNumberGenerator.GetBytes(32);
        db = [.. db.Zip(Mask(seed, db.Length), (left, right) => (byte)(left ^ right))];
        seed = [.. seed.Zip(Mask(db, 32), (left, right) => (byte)(left ^ right))];
        System.Numerics.BigInteger block = new([0, .. seed, .. db], isUnsigned: true, isBigEndian: true);
        System.Numerics.BigInteger modulus = new(rsa.ExportParameters(false).Modulus!, isUnsigned: true, isBigEndian: true);
        byte[] cipher = System.Numerics.BigInteger.ModPow(block, 65537, modulus).ToByteArray(isUnsigned: true, isBigEndian: true);
        return [.. new byte[256 - cipher.Length], .. cipher];
    }

    private static byte[] Mask(byte[] seed, int length) =>
        [.. Enumerable.Range(0, (length + 31) / 32).SelectMany(i => SHA256.HashData([.. seed, 0, 0, 0, (byte)i])).Take(length)];
}
