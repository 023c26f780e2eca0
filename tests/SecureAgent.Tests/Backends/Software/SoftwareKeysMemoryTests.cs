using System.Security.Cryptography;
using SecureAgent.Backends.Memory;
using SecureAgent.Backends.Software;
using SecureAgent.Core;
using SecureAgent.Wire;

namespace SecureAgent.Tests.Backends.Software;

/// <summary>What is left of a key in this process's memory.</summary>
public sealed class SoftwareKeysMemoryTests(SshKeygenKeys made) : IClassFixture<SshKeygenKeys>
{
    private static readonly string[] Names =
    [
        "rsa2048", "ecdsa256", "ecdsa384", "ecdsa521", "ed25519", .. MLDsa.IsSupported ? (string[])["mldsa44"] : [],
    ];

    // Not with the platform's classes: their imports leave copies behind (docs/decisions/0007).
    [Fact]
    public async Task Nothing_of_a_key_is_left_when_it_is_shielded_and_when_it_is_removed()
    {
        using MemoryScan scan = new();
        using SoftwareKeys keys = Held.Keys("OpenSSL");
        List<IHeldKey> held = [];
        foreach (string name in Names)
        {
            held.Add(Hold(keys, await ReadAsync(name), name, scan));
        }

        Assert.Equal([], scan.Find());

        await SignManyAsync(held);
        List<string> usable = scan.Find();
        foreach (string name in Names)
        {
            Assert.Contains(usable, where => where.StartsWith(name, StringComparison.Ordinal)); // The scan sees it.
        }

        // Locked memory of which there are no core dumps; .NET has no such place for ML-DSA's seed.
        Assert.DoesNotContain(
            usable,
            where => !where.StartsWith("mldsa", StringComparison.Ordinal)
                && !where.Contains(" dd", StringComparison.Ordinal));

        keys.Shield();
        Assert.Equal([], scan.Find());

        await SignManyAsync(held);
        held.ForEach(key => key.Dispose());
        Assert.Equal([], scan.Find());
    }

    // Here, because no test of this class runs beside it: while the heap is full, keys stand elsewhere.
    [Fact]
    public async Task Where_OpenSSLs_secure_heap_has_no_room_keys_sign_all_the_same()
    {
        Assert.SkipUnless(LibCrypto.IsAvailable, "There is no OpenSSL 3.");
        using RsaPrivateKey key = Assert.IsType<RsaPrivateKey>(await made.ReadAsync("rsa2048"));
        SignatureAlgorithm algorithm = key.PublicKey.Algorithm();
        List<IUsableKey> usable = [];
        while (usable is not [.., OpenSslKey])
        {
            Assert.True(usable.Count < 1000);
            using Secret encoded = PrivateKeyEncoding.Encode(key, new LockedMemory());
            usable.Add(new OpenSslKeyFactory().Load(key.PublicKey, encoded.Span));
        }

        Assert.True(usable.Count > 100);
        Assert.All(
            (IUsableKey[])[usable[0], usable[^2], usable[^1]],
            one => Assert.True(SignatureVerifier.Verify(key.PublicKey, algorithm, [1], one.Sign(algorithm, [1]))));
        usable.ForEach(one => one.Dispose());
        Assert.True(LibCrypto.HasSecureRoom);
    }

    private static IHeldKey Hold(SoftwareKeys keys, PrivateKey key, string name, MemoryScan scan)
    {
        using (key)
        {
            using Secret encoded = PrivateKeyEncoding.Encode(key, new LockedMemory());
            scan.Add(name, encoded.Span);
            if (key is Ed25519PrivateKey)
            {
                byte[] expanded = GC.AllocateArray<byte>(SHA512.HashSizeInBytes, pinned: true);
                SHA512.HashData(encoded.Span, expanded);
                scan.Add(name + " expanded", expanded.AsSpan(8, 16)); // Clamping changes neither this nor what follows.
                scan.Add(name + " expanded", expanded.AsSpan(32));
                CryptographicOperations.ZeroMemory(expanded);
            }

            return keys.Hold(key);
        }
    }

    private async Task<PrivateKey> ReadAsync(string name) =>
        name == "mldsa44" ? MakeComposite() : await made.ReadAsync(name);

    /// <summary>A key of our own: other tests of this process have copies of the recorded one.</summary>
    private static MlDsa44Ed25519PrivateKey MakeComposite()
    {
        byte[] seeds = GC.AllocateArray<byte>(2 * MlDsa44Ed25519.SeedSizeBytes, pinned: true);
        RandomNumberGenerator.Fill(seeds);
        using MLDsa mlDsa = MLDsa.ImportMLDsaPrivateSeed(
            MLDsaAlgorithm.MLDsa44, seeds.AsSpan(0, MlDsa44Ed25519.SeedSizeBytes));
        byte[] publicKey =
        [
            .. mlDsa.ExportMLDsaPublicKey(), .. Ed25519.PublicKeyOf(seeds.AsSpan(MlDsa44Ed25519.SeedSizeBytes)),
        ];
        MlDsa44Ed25519PrivateKey key = new(new MlDsa44Ed25519PublicKey(publicKey), null, seeds);
        CryptographicOperations.ZeroMemory(seeds);
        return key;
    }

    private async Task SignManyAsync(List<IHeldKey> held)
    {
        for (int i = 0; i < Names.Length; i++)
        {
            using PrivateKey key = await ReadAsync(Names[i]);
            for (int length = 0; length < 100; length++)
            {
                _ = held[i].Sign(key.PublicKey.Algorithm(), new byte[length]);
            }
        }
    }
}
