using System.Security.Cryptography;
using SecureAgent.Backends.Tpm;
using SecureAgent.Core;

namespace SecureAgent.Tests.Backends.Tpm;

public sealed class TpmTamperTests
{
    private static readonly byte[] Digest = SHA256.HashData("x"u8);
    private static readonly TpmSignatureScheme Ecdsa = TpmSignatureScheme.Ecdsa(HashAlgorithmName.SHA256);

    [Theory]
    [InlineData("")]
    [InlineData("1234")]
    public void Flipped_bit_anywhere_in_the_answer_yields_no_signature(string pin)
    {
        byte[] auth = System.Text.Encoding.ASCII.GetBytes(pin);
        using TestTpm tpm = TestTpm.Start("swtpm");
        using TpmConnection connection = tpm.Connect(out RecordingBus bus);
        TpmKeyBlobs key = connection.Create(TpmKeyTemplate.Ecdsa256, TpmParent.Owner, auth, []);
        TestKeys.AssertSigns(connection, key, "SHA256", auth);
        bus.Forget();
        TestKeys.AssertSigns(connection, key, "SHA256", auth);
        int length = bus.Exchanges[^1].Response.Length;
        Assert.True(length > 150);

        for (int at = 0; at < length; at++)
        {
            bool flipped = false;
            bus.After = (command, response) =>
            {
                if (RecordingBus.Code(command) == TPM_CC.Sign)
                {
                    flipped = true;
                    response[at] ^= (byte)(1 << (at % 8));
                }

                return response;
            };
            Assert.ThrowsAny<BackendException>(() => connection.Sign(key, TpmParent.Owner, Ecdsa, Digest, auth, null));
            Assert.True(flipped);
        }

        bus.After = null;
        TestKeys.AssertSigns(connection, key, "SHA256", auth);
        Assert.Equal(0, connection.ReadDictionaryAttackState().LockoutCounter);
    }

    [Fact]
    public void Flipped_bit_anywhere_in_an_answer_with_a_secret_yields_no_secret()
    {
        using TestTpm tpm = TestTpm.Start("swtpm");
        using TpmConnection connection = tpm.Connect(out RecordingBus bus);
        TpmKeyBlobs key = connection.Seal(new byte[32], TpmParent.Owner, [], []);
        connection.Unseal(key, TpmParent.Owner, [], null).Dispose();
        int length = bus.Exchanges[^1].Response.Length;
        for (int at = 0; at < length; at++)
        {
            bool flipped = false;
            bus.After = (command, response) =>
            {
                if (RecordingBus.Code(command) == TPM_CC.Unseal)
                {
                    flipped = true;
                    response[at] ^= (byte)(1 << (at % 8));
                }

                return response;
            };
            Assert.ThrowsAny<BackendException>(() => connection.Unseal(key, TpmParent.Owner, [], null));
            Assert.True(flipped);
        }

        bus.After = null;
        connection.Unseal(key, TpmParent.Owner, [], null).Dispose();
    }

    [Fact]
    public void Another_storage_key_in_the_place_of_the_remembered_one_is_refused()
    {
        Dictionary<TpmParent, byte[]> remembered = [];
        DictionaryPin pin = new(remembered);
        using TestTpm tpm = TestTpm.Start("swtpm");
        using (TpmConnection connection = new(Pinned(tpm.Open, pin)))
        {
            TestKeys.AssertWorks(connection);
        }

        Assert.Equal(34, remembered[TpmParent.Owner].Length);
        using (TpmConnection connection = new(Pinned(tpm.Open, pin)))
        {
            TestKeys.AssertWorks(connection);
        }

        using TestTpm other = TestTpm.Start("swtpm");
        using (TpmConnection connection = new(Pinned(other.Open, pin)))
        {
            for (int i = 0; i < 2; i++)
            {
                TpmException error = Assert.Throws<TpmException>(
                    () => connection.Create(TpmKeyTemplate.Ecdsa256, TpmParent.Owner, "1234"u8, []));
                Assert.Contains("not the one this computer remembers", error.Message, StringComparison.Ordinal);
            }
        }

        Assert.Empty(TestKeys.LoadedHandles(other));
    }

    [Fact]
    public void TPM_that_is_exchanged_under_an_open_connection_is_refused()
    {
        using TestTpm tpm = TestTpm.Start("swtpm");
        using TestTpm other = TestTpm.Start("swtpm");
        bool exchanged = false;
        RecordingBus bus = new(() => exchanged ? other.Open() : tpm.Open());
        using TpmConnection connection = new(TestTpm.Options(bus.Open));
        TpmKeyBlobs key = connection.Create(TpmKeyTemplate.Ecdsa256, TpmParent.Owner, "1234"u8, []);
        TestKeys.AssertSigns(connection, key, "SHA256", "1234"u8);

        exchanged = true;
        bus.Before = _ => exchanged && bus.Opened == 1
            ? throw new TpmDeviceLostException("unplugged", commandWasSent: false)
            : null;
        TpmException error = Assert.Throws<TpmException>(
            () => connection.Sign(key, TpmParent.Owner, Ecdsa, Digest, "1234"u8, null));
        Assert.Contains("not the one this computer remembers", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(TestTpm.Kinds), MemberType = typeof(TestTpm))]
    public void PINs_passwords_and_secrets_never_cross_the_bus_in_the_clear(string kind)
    {
        byte[] pin = RandomNumberGenerator.GetBytes(16);
        byte[] newPin = RandomNumberGenerator.GetBytes(16);
        byte[] seed = RandomNumberGenerator.GetBytes(32);
        using ECDsa ecdsa = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        ECParameters external = ecdsa.ExportParameters(true);
        using TestTpm tpm = TestTpm.Start(kind);
        using TpmConnection connection = tpm.Connect(out RecordingBus bus);

        TpmKeyBlobs key = connection.Create(TpmKeyTemplate.Ecdsa256, TpmParent.Owner, pin, []);
        TestKeys.AssertSigns(connection, key, "SHA256", pin);
        TpmKeyBlobs changed = connection.ChangeAuth(key, TpmParent.Owner, pin, newPin);
        TestKeys.AssertSigns(connection, changed, "SHA256", newPin);
        TpmKeyBlobs box = connection.Seal(seed, TpmParent.Owner, pin, []);
        connection.Unseal(box, TpmParent.Owner, pin, null).Dispose();
        TpmKeyBlobs imported = connection.Import(external, TpmParent.Owner, pin, []);
        TestKeys.AssertSigns(connection, imported, "SHA256", pin);

        // The tap works: what is public is there.
        Assert.True(Contains(bus.Bytes, external.Q.X!));
        foreach (byte[] secret in (byte[][])[pin, newPin, seed, external.D!])
        {
            Assert.False(Contains(bus.Bytes, secret.AsSpan(0, 8)));
        }
    }

    private static bool Contains(byte[] bytes, ReadOnlySpan<byte> part) => bytes.AsSpan().IndexOf(part) >= 0;

    private static TpmConnectionOptions Pinned(Func<ITpmDevice> open, ITpmNamePin pin) =>
        new() { Open = open, Memory = new TestMemory(), Pause = _ => { }, Pin = pin };

    private sealed class DictionaryPin(Dictionary<TpmParent, byte[]> names) : ITpmNamePin
    {
        public byte[]? Load(TpmParent parent) => names.GetValueOrDefault(parent);

        public void Store(TpmParent parent, byte[] name) => names.Add(parent, name);
    }
}
