using System.Security.Cryptography;
using SecureAgent.Backends.Tpm;
using SecureAgent.Core;

namespace SecureAgent.Tests.Backends.Tpm;

public sealed class TpmPinTests
{
    private static readonly byte[] Digest = SHA256.HashData("x"u8);
    private static readonly TpmSignatureScheme Ecdsa = TpmSignatureScheme.Ecdsa(HashAlgorithmName.SHA256);

    [Theory]
    [MemberData(nameof(TestTpm.Kinds), MemberType = typeof(TestTpm))]
    public void Wrong_PIN_is_refused_with_the_tries_left_and_sent_once(string kind)
    {
        using TestTpm tpm = TestTpm.Start(kind);
        using TpmConnection connection = tpm.Connect(out RecordingBus bus);
        TpmKeyBlobs key = connection.Create(TpmKeyTemplate.Ecdsa256, TpmParent.Owner, "1234"u8, []);
        TestKeys.AssertSigns(connection, key, "SHA256", "1234"u8);
        int tries = connection.ReadDictionaryAttackState().TriesLeft;

        bus.Forget();
        TpmException error = Assert.Throws<TpmException>(
            () => connection.Sign(key, TpmParent.Owner, Ecdsa, Digest, "1235"u8, null));

        Assert.Equal(BackendFailure.PinRequired, error.Failure);
        Assert.Equal(TpmAuthSubject.Key, error.Subject);
        Assert.Equal(tries - 1, error.TriesLeft);
        Assert.Equal("TPM_RC_AUTH_FAIL (session 1)", error.Code.ToString());
        Assert.Equal(["Sign", "FlushContext", "GetCapability"], bus.Commands);
        TestKeys.AssertSigns(connection, key, "SHA256", "1234"u8);
    }

    [Theory]
    [MemberData(nameof(TestTpm.Kinds), MemberType = typeof(TestTpm))]
    public void Missing_PIN_is_refused(string kind)
    {
        using TestTpm tpm = TestTpm.Start(kind);
        using TpmConnection connection = tpm.Connect();
        TpmKeyBlobs key = connection.Create(TpmKeyTemplate.Ecdsa256, TpmParent.Owner, "1234"u8, []);
        TpmException error = Assert.Throws<TpmException>(
            () => connection.Sign(key, TpmParent.Owner, Ecdsa, Digest, [], null));
        Assert.Equal(BackendFailure.PinRequired, error.Failure);
    }

    [Theory]
    [MemberData(nameof(TestTpm.Kinds), MemberType = typeof(TestTpm))]
    public void Lockout_sends_nothing_more_until_it_is_over_and_spares_keys_without_PIN(string kind)
    {
        using TestTpm tpm = TestTpm.Start(kind);
        SettableClock clock = new();
        RecordingBus bus = new(tpm.Open);
        using TpmConnection connection = new(new TpmConnectionOptions
        {
            Open = bus.Open,
            Memory = new TestMemory(),
            Pause = _ => { },
            Clock = clock,
        });
        TpmKeyBlobs key = connection.Create(TpmKeyTemplate.Ecdsa256, TpmParent.Owner, "1234"u8, []);
        TpmKeyBlobs plain = connection.Create(TpmKeyTemplate.Ecdsa256, TpmParent.Owner, [], []);
        TpmException? error = null;
        for (int i = 0; i < 40 && error?.TriesLeft != 0; i++)
        {
            error = Assert.Throws<TpmException>(
                () => connection.Sign(key, TpmParent.Owner, Ecdsa, Digest, "wrong"u8, null));
        }

        Assert.Equal(0, error!.TriesLeft);
        bus.Forget();
        error = Assert.Throws<TpmException>(() => connection.Sign(key, TpmParent.Owner, Ecdsa, Digest, "1234"u8, null));
        Assert.Equal(BackendFailure.LockedOut, error.Failure);
        Assert.True(error.RetryAfter > TimeSpan.Zero);
        Assert.Empty(bus.Exchanges);
        TestKeys.AssertSigns(connection, plain, "SHA256", []);

        // The clock here is past the interval, the TPM's is not: it says so itself, and is believed for as long again.
        clock.Advance(error.RetryAfter!.Value);
        bus.Forget();
        error = Assert.Throws<TpmException>(() => connection.Sign(key, TpmParent.Owner, Ecdsa, Digest, "1234"u8, null));
        Assert.Equal(BackendFailure.LockedOut, error.Failure);
        Assert.Equal("TPM_RC_LOCKOUT", error.Code.ToString());
        Assert.Contains(nameof(TPM_CC.Sign), bus.Commands);
        bus.Forget();
        Assert.Throws<TpmException>(() => connection.Sign(key, TpmParent.Owner, Ecdsa, Digest, "1234"u8, null));
        Assert.Empty(bus.Exchanges);

        LockReset(tpm, connection);
        Assert.False(connection.ReadDictionaryAttackState().InLockout);
        TestKeys.AssertSigns(connection, key, "SHA256", "1234"u8);
    }

    [Theory]
    [MemberData(nameof(TestTpm.Kinds), MemberType = typeof(TestTpm))]
    public void PIN_longer_than_32_bytes_is_refused_before_anything_is_sent(string kind)
    {
        using TestTpm tpm = TestTpm.Start(kind);
        using TpmConnection connection = tpm.Connect();
        Assert.Throws<TpmException>(
            () => connection.Create(TpmKeyTemplate.Ecdsa256, TpmParent.Owner, new byte[33], []));
        Assert.Equal(0, connection.CommandCount);
    }

    [Theory]
    [MemberData(nameof(TestTpm.Kinds), MemberType = typeof(TestTpm))]
    public void PIN_of_32_bytes_and_one_that_ends_in_zeros_work(string kind)
    {
        using TestTpm tpm = TestTpm.Start(kind);
        using TpmConnection connection = tpm.Connect();
        foreach (byte[] pin in (byte[][])[[.. Enumerable.Repeat((byte)'7', 32)], [1, 2, 0, 0]])
        {
            TpmKeyBlobs key = connection.Create(TpmKeyTemplate.Ecdsa256, TpmParent.Owner, pin, []);
            TestKeys.AssertSigns(connection, key, "SHA256", pin);
        }
    }

    // TPM2_DictionaryAttackLockReset (Part 3, 25.2) with the lockout hierarchy's empty password.
    private static void LockReset(TestTpm tpm, TpmConnection connection)
    {
        connection.Dispose();
        TestKeys.Run(tpm, "8002 0000001B 00000139 4000000A 00000009 40000009 0000 01 0000");
    }
}
