using System.Numerics;
using System.Security.Cryptography;
using SecureAgent.Backends.Software;
using SecureAgent.Core;
using SecureAgent.Wire;

namespace SecureAgent.Tests.Backends.Software;

/// <summary>The nonces of P-521 signatures, computed back with the private key: biased ones give it away
/// (CVE-2024-31497: the nine highest bits were zero).</summary>
public sealed class EcdsaNonceTests(SshKeygenKeys made) : IClassFixture<SshKeygenKeys>
{
    private const int Signatures = 300;

    [Theory]
    [MemberData(nameof(Held.Libraries), MemberType = typeof(Held))]
    public async Task Nonces_of_P521_are_not_biased_and_never_the_same(string library)
    {
        using EcdsaPrivateKey key = (EcdsaPrivateKey)await made.ReadAsync("ecdsa521");
        using SoftwareKeys keys = Held.Keys(library);
        using IHeldKey held = keys.Hold(key);
        BigInteger order = Number(EcdsaScalar.Order(key.Key.Curve));
        BigInteger d = Number(key.D);
        byte[] data = [1, 2, 3];
        BigInteger hash = Number(SHA512.HashData(data));
        HashSet<BigInteger> nonces = [];
        int[] set = new int[521];
        for (int i = 0; i < Signatures; i++)
        {
            byte[] raw = held.Sign(SignatureAlgorithm.EcdsaNistp521, data);
            BigInteger r = Number(raw.AsSpan(0, 66));
            BigInteger s = Number(raw.AsSpan(66));
            BigInteger nonce = BigInteger.ModPow(s, order - 2, order) * (hash + (r * d)) % order;
            Assert.True(nonces.Add(nonce));
            byte[] bytes = new byte[66];
            nonce.ToByteArray().CopyTo(bytes, 0);
            for (int bit = 0; bit < set.Length; bit++)
            {
                set[bit] += (bytes[bit / 8] >> (bit % 8)) & 1;
            }
        }

        // Each bit is set in half of them, give or take six standard deviations of sqrt(300) / 2.
        Assert.All(set, count => Assert.InRange(count, (Signatures / 2) - 52, (Signatures / 2) + 52));
    }

    private static BigInteger Number(ReadOnlySpan<byte> bytes) => new(bytes, isUnsigned: true, isBigEndian: true);
}
