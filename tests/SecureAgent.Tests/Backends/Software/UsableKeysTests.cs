using SecureAgent.Backends.Software;
using SecureAgent.Core;
using SecureAgent.Wire;

namespace SecureAgent.Tests.Backends.Software;

/// <summary>How long a key stays usable without being unshielded again.</summary>
public sealed class UsableKeysTests(SshKeygenKeys made) : IClassFixture<SshKeygenKeys>
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    [Fact]
    public async Task Key_is_usable_from_its_first_signature_to_ten_idle_seconds_later()
    {
        using ManualTime time = new();
        using PrivateKey key = await made.ReadAsync("ed25519");
        using SoftwareKeys keys = Held.Keys("platform", time);
        using SoftwareKey held = (SoftwareKey)keys.Hold(key);
        Assert.Null(held.Usable);
        Assert.False(time.IsArmed);

        Sign(held);
        IUsableKey first = held.Usable!;
        Assert.NotNull(first);
        Assert.True(time.IsArmed);

        time.Advance(9 * Second);
        Sign(held);
        time.Advance(9 * Second); // The timer fires, and finds it used since.
        Assert.Same(first, held.Usable);
        Assert.True(time.IsArmed);

        time.Advance(Second);
        Assert.Null(held.Usable);
        Assert.False(time.IsArmed);
        Assert.Throws<ObjectDisposedException>(() => first.Sign(SignatureAlgorithm.SshEd25519, [1]));

        Sign(held);
        Assert.NotNull(held.Usable);
    }

    [Fact]
    public async Task Shielding_drops_every_usable_form_and_ends_the_timer()
    {
        using ManualTime time = new();
        using PrivateKey key = await made.ReadAsync("ed25519");
        using PrivateKey other = await made.ReadAsync("ed25519-other");
        using SoftwareKeys keys = Held.Keys("platform", time);
        using SoftwareKey one = (SoftwareKey)keys.Hold(key);
        using SoftwareKey two = (SoftwareKey)keys.Hold(other);
        Sign(one);
        Sign(two);
        IUsableKey[] usable = [one.Usable!, two.Usable!];
        keys.Shield();
        Assert.Null(one.Usable);
        Assert.Null(two.Usable);
        Assert.False(time.IsArmed);
        Assert.All(usable, form =>
            Assert.Throws<ObjectDisposedException>(() => form.Sign(SignatureAlgorithm.SshEd25519, [1])));
        Sign(one);
        Assert.True(time.IsArmed);
    }

    [Fact]
    public async Task Least_recently_used_key_makes_room()
    {
        using ManualTime time = new();
        using PrivateKey key = await made.ReadAsync("ed25519");
        using SoftwareKeys keys = Held.Keys("OpenSSL", time);
        SoftwareKey[] held = [.. Enumerable.Range(0, UsableKeys.Capacity + 1).Select(_ => (SoftwareKey)keys.Hold(key))];
        foreach (SoftwareKey each in held[..^1])
        {
            Sign(each);
            time.Advance(Second / 100);
        }

        Sign(held[0]);
        Sign(held[^1]);
        Assert.Null(held[1].Usable);
        Assert.All(held.Where((_, index) => index != 1), each => Assert.NotNull(each.Usable));
        Sign(held[1]);
    }

    [Fact]
    public async Task Key_that_was_changed_in_memory_is_not_used()
    {
        using PrivateKey key = await made.ReadAsync("ed25519");
        using SoftwareKeys keys = Held.Keys("platform");
        using SoftwareKey held = (SoftwareKey)keys.Hold(key);
        held.Shielded.Ciphertext[3] ^= 1;
        BackendException refused = Assert.Throws<BackendException>(() => Sign(held));
        Assert.Contains("changed in memory", refused.Message, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Held.Libraries), MemberType = typeof(Held))]
    public async Task Threads_sign_at_once_while_others_shield_and_remove(string library)
    {
        foreach (string name in (string[])["ecdsa256", "ed25519", "rsa2048"])
        {
            using PrivateKey key = await made.ReadAsync(name);
            using SoftwareKeys keys = Held.Keys(library);
            IHeldKey held = keys.Hold(key);
            SignatureAlgorithm algorithm = key.PublicKey.Algorithm();
            using Barrier start = new(4);
            Task[] signers =
            [
                .. Enumerable.Range(0, 3).Select(thread => Task.Factory.StartNew(
                    () =>
                    {
                        start.SignalAndWait(TestContext.Current.CancellationToken);
                        for (int i = 0; ; i++)
                        {
                            byte[] data = [(byte)thread, (byte)i, (byte)(i >> 8)];
                            byte[] raw = held.Sign(algorithm, data);
                            Assert.True(SignatureVerifier.Verify(key.PublicKey, algorithm, data, raw));
                        }
                    },
                    TestContext.Current.CancellationToken, TaskCreationOptions.LongRunning, TaskScheduler.Default)),
            ];
            start.SignalAndWait(TestContext.Current.CancellationToken);
            for (int i = 0; i < 50; i++)
            {
                keys.Shield();
                _ = held.Sign(algorithm, new byte[1]);
            }

            held.Dispose();
            foreach (Task signer in signers)
            {
                Assert.Contains(
                    "was removed", (await Assert.ThrowsAsync<BackendException>(() => signer)).Message,
                    StringComparison.Ordinal);
            }
        }
    }

    private static void Sign(IHeldKey key) => _ = key.Sign(SignatureAlgorithm.SshEd25519, new byte[1]);
}
