using System.Diagnostics;
using System.Numerics;
using System.Security.Cryptography;
using SecureAgent.Backends.Memory;
using SecureAgent.Backends.Software;
using SecureAgent.Core;
using SecureAgent.Wire;

namespace SecureAgent.Tests.Backends.Software;

/// <summary>Keys that are none: refused in bounded time, with a reason.</summary>
public sealed class HostileKeysTests(SshKeygenKeys made) : IClassFixture<SshKeygenKeys>
{
    /// <summary>What may be done to n, e, d, p, q and iqmp of a good key.</summary>
    private static readonly Dictionary<string, Func<Numbers, Numbers>> Changes = new()
    {
        ["e is 1"] = key => key with { E = 1 },
        ["e is even"] = key => key with { E = 65536 },
        ["e is another"] = key => key with { E = 3 },
        ["e is as long as n"] = key => key with { E = key.N - 2 },
        ["n is even"] = key => key with { N = key.N - 1 },
        ["n and p are even"] = key => key with { N = (key.P - 1) * key.Q, P = key.P - 1 },
        ["n is another"] = key => key with { N = key.N + 2 },
        ["d is 0"] = key => key with { D = 0 },
        ["d is 1"] = key => key with { D = 1 },
        ["d is another"] = key => key with { D = key.D + 2 },
        ["d is longer than n"] = key => key with { D = key.D << 16000 },
        ["p is 0"] = key => key with { P = 0 },
        ["p is 1 and q is n"] = key => key with { P = 1, Q = key.N },
        ["p is n and q is 1"] = key => key with { P = key.N, Q = 1 },
        ["q is another"] = key => key with { Q = key.Q + 2 },
        ["p and q are swapped, iqmp is not"] = key => key with { P = key.Q, Q = key.P },
        ["iqmp is 0"] = key => key with { InverseQ = 0 },
        ["iqmp is another"] = key => key with { InverseQ = key.InverseQ + 1 },
        ["iqmp is not reduced"] = key => key with { InverseQ = key.InverseQ + key.P },
        ["p is not prime"] = WithoutPrimes,
    };

    public static TheoryData<string, string> RsaCases
    {
        get
        {
            TheoryData<string, string> all = [];
            foreach (string change in Changes.Keys)
            {
                all.Add("OpenSSL", change);
                all.Add("platform", change);
            }

            return all;
        }
    }

    [Theory]
    [MemberData(nameof(RsaCases))]
    public async Task Rsa_numbers_that_make_no_key_are_refused(string library, string change)
    {
        using RsaPrivateKey good = (RsaPrivateKey)await made.ReadAsync("rsa2048");
        using SoftwareKeys keys = Held.Keys(library);
        using RsaPrivateKey bad = Changes[change](Numbers.Of(good)).ToKey();
        BackendException refused = Assert.Throws<BackendException>(() => keys.Hold(bad));
        Assert.Contains(bad.PublicKey.Fingerprint, refused.Message, StringComparison.Ordinal);
        keys.Hold(good).Dispose();
    }

    [Theory]
    [MemberData(nameof(Held.Libraries), MemberType = typeof(Held))]
    public async Task Rsa_key_whose_first_prime_is_the_smaller_one_signs(string library)
    {
        using RsaPrivateKey good = (RsaPrivateKey)await made.ReadAsync("rsa2048");
        Numbers numbers = Numbers.Of(good);
        Numbers swapped = numbers with
        {
            P = numbers.Q, Q = numbers.P, InverseQ = BigInteger.ModPow(numbers.P, numbers.Q - 2, numbers.Q),
        };
        foreach (Numbers each in (Numbers[])[numbers, swapped])
        {
            using RsaPrivateKey key = each.ToKey();
            using SoftwareKeys keys = Held.Keys(library);
            using IHeldKey held = keys.Hold(key);
            byte[] raw = held.Sign(SignatureAlgorithm.RsaSha2_256, new byte[1]);
            Assert.True(SignatureVerifier.Verify(key.PublicKey, SignatureAlgorithm.RsaSha2_256, new byte[1], raw));
        }
    }

    [Theory]
    [MemberData(nameof(Held.Libraries), MemberType = typeof(Held))]
    public async Task Rsa_1024_is_refused(string library)
    {
        using PrivateKey key = await made.ReadAsync("rsa1024");
        using SoftwareKeys keys = Held.Keys(library);
        BackendException refused = Assert.Throws<BackendException>(() => keys.Hold(key));
        Assert.Contains("1024 bits", refused.Message, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Held.Libraries), MemberType = typeof(Held))]
    public void Largest_rsa_key_signs_and_a_damaged_one_is_refused_soon(string library)
    {
        byte[] file = File.ReadAllBytes(
            Path.Combine(AppContext.BaseDirectory, "Backends", "Software", "Vectors", "rsa16384.key"));
        using RsaPrivateKey key = (RsaPrivateKey)OpenSshPrivateKeyFile.Decode(file, []).Key;
        using SoftwareKeys keys = Held.Keys(library);
        using IHeldKey held = keys.Hold(key);
        byte[] raw = held.Sign(SignatureAlgorithm.RsaSha2_512, new byte[1]);
        Assert.True(SignatureVerifier.Verify(key.PublicKey, SignatureAlgorithm.RsaSha2_512, new byte[1], raw));

        using RsaPrivateKey damaged = (Numbers.Of(key) with { D = Numbers.Of(key).D - 2 }).ToKey();
        Stopwatch time = Stopwatch.StartNew();
        Assert.Throws<BackendException>(() => keys.Hold(damaged));
        Assert.True(time.Elapsed < TimeSpan.FromSeconds(5), time.Elapsed.ToString());
    }

    [Theory]
    [MemberData(nameof(Held.Libraries), MemberType = typeof(Held))]
    public async Task Ecdsa_scalar_or_point_that_is_none_is_refused(string library)
    {
        foreach (string name in (string[])["ecdsa256", "ecdsa384", "ecdsa521"])
        {
            using EcdsaPrivateKey good = (EcdsaPrivateKey)await made.ReadAsync(name);
            byte[] order = EcdsaScalar.Order(good.Key.Curve).ToArray();
            BigInteger d = new(good.D, isUnsigned: true, isBigEndian: true);
            byte[] offCurve = good.Key.Point.ToArray();
            offCurve[^1] ^= 1;
            using SoftwareKeys keys = Held.Keys(library);
            (EcdsaPublicKey Point, byte[] D)[] cases =
            [
                (good.Key, [0]),
                (good.Key, [1]),
                (good.Key, order),
                (good.Key, [.. Enumerable.Repeat<byte>(0xFF, order.Length)]),
                (good.Key, (d + 1).ToByteArray(isUnsigned: true, isBigEndian: true)),
                (new EcdsaPublicKey(good.Key.Curve, offCurve), good.D),
                (new EcdsaPublicKey(good.Key.Curve, (byte[])[4, .. new byte[2 * order.Length]]), good.D),
            ];
            foreach ((EcdsaPublicKey point, byte[] scalar) in cases)
            {
                using EcdsaPrivateKey bad = new(point, null, scalar);
                BackendException refused = Assert.Throws<BackendException>(() => keys.Hold(bad));
                Assert.Contains(bad.PublicKey.Fingerprint, refused.Message, StringComparison.Ordinal);
            }
        }
    }

    [Theory]
    [MemberData(nameof(Held.Libraries), MemberType = typeof(Held))]
    public async Task Halves_of_two_ed25519_keys_are_refused(string library)
    {
        using Ed25519PrivateKey one = (Ed25519PrivateKey)await made.ReadAsync("ed25519");
        using Ed25519PrivateKey other = (Ed25519PrivateKey)await made.ReadAsync("ed25519-other");
        using Ed25519PrivateKey mixed = new(one.Key, null, other.Seed);
        using SoftwareKeys keys = Held.Keys(library);
        BackendException refused = Assert.Throws<BackendException>(() => keys.Hold(mixed));
        Assert.Contains("does not belong", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Types_that_no_code_is_for_are_refused_by_name()
    {
        using SoftwareKeys keys = new(new LockedMemory(), TimeProvider.System);
        using SkPrivateKey onToken = new(new SkEd25519PublicKey(new byte[32], "ssh:"), null, 1, [1, 2, 3]);
        Assert.Contains(
            "sk-ssh-ed25519@openssh.com",
            Assert.Throws<BackendException>(() => keys.Hold(onToken)).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void Orders_are_those_of_the_platform()
    {
        foreach (EcdsaCurve curve in (EcdsaCurve[])[EcdsaCurve.NistP256, EcdsaCurve.NistP384, EcdsaCurve.NistP521])
        {
            using ECDsa ecdsa = ECDsa.Create(curve.Parameters);
            byte[] order = ecdsa.ExportExplicitParameters(includePrivateParameters: false).Curve.Order!;
            Assert.Equal(Convert.ToHexString(order), Convert.ToHexString(EcdsaScalar.Order(curve)));
        }
    }

    /// <summary>Replaces p by a product, with which all the equations hold that do not ask for primes.</summary>
    private static Numbers WithoutPrimes(Numbers key)
    {
        for (BigInteger p = key.P + 2; ; p += 2)
        {
            BigInteger order = (p - 1) * (key.Q - 1);
            if (BigInteger.GreatestCommonDivisor(order, key.E).IsOne
                && BigInteger.GreatestCommonDivisor(p, key.Q).IsOne
                && !BigInteger.ModPow(2, p - 1, p).IsOne)
            {
                return new Numbers(p * key.Q, key.E, Inverse(key.E, order), p, key.Q, Inverse(key.Q, p));
            }
        }
    }

    private static BigInteger Inverse(BigInteger number, BigInteger modulus)
    {
        (BigInteger a, BigInteger b, BigInteger x, BigInteger y) = (modulus, number % modulus, 0, 1);
        while (!b.IsZero)
        {
            BigInteger quotient = a / b;
            (a, b, x, y) = (b, a - (quotient * b), y, x - (quotient * y));
        }

        return x.Sign < 0 ? x + modulus : x;
    }

    private sealed record Numbers(
        BigInteger N, BigInteger E, BigInteger D, BigInteger P, BigInteger Q, BigInteger InverseQ)
    {
        public static Numbers Of(RsaPrivateKey key) => new(
            Read(key.Key.Modulus.Span), Read(key.Key.Exponent.Span), Read(key.D), Read(key.P), Read(key.Q),
            Read(key.InverseQ));

        public RsaPrivateKey ToKey() =>
            new(new RsaPublicKey(Write(E), Write(N)), null, Write(D), Write(P), Write(Q), Write(InverseQ));

        private static BigInteger Read(ReadOnlySpan<byte> bytes) => new(bytes, isUnsigned: true, isBigEndian: true);

        private static byte[] Write(BigInteger number) => number.ToByteArray(isUnsigned: true, isBigEndian: true);
    }
}
