using System.Security.Cryptography;
using SecureAgent.Backends.Tpm;
using SecureAgent.Core;

namespace SecureAgent.Tests.Backends.Tpm;

public sealed class TpmFaultTests
{
    private static readonly byte[] Digest = SHA256.HashData("x"u8);
    private static readonly TpmSignatureScheme Ecdsa = TpmSignatureScheme.Ecdsa(HashAlgorithmName.SHA256);

    [Theory]
    [InlineData(0x922u)] // TPM_RC_RETRY
    [InlineData(0x908u)] // TPM_RC_YIELDED
    [InlineData(0x90Au)] // TPM_RC_TESTING
    [InlineData(0x920u)] // TPM_RC_NV_RATE
    [InlineData(0x909u)] // TPM_RC_CANCELED
    public void Command_that_the_TPM_did_not_run_is_sent_again_byte_for_byte(uint code)
    {
        using TestTpm tpm = TestTpm.Start("swtpm");
        using TpmConnection connection = tpm.Connect(out RecordingBus bus);
        TpmKeyBlobs key = connection.Create(TpmKeyTemplate.Ecdsa256, TpmParent.Owner, "1234"u8, []);
        TestKeys.AssertSigns(connection, key, "SHA256", "1234"u8);

        int left = 3;
        bus.Forget();
        bus.Before = _ => left-- > 0 ? RecordingBus.Refusal(code) : null;
        TestKeys.AssertSigns(connection, key, "SHA256", "1234"u8);
        Assert.Equal(4, bus.Exchanges.Count);
        Assert.All(bus.Exchanges, exchange => Assert.Equal(bus.Exchanges[0].Command, exchange.Command));
    }

    [Fact]
    public void Patience_ends_after_two_seconds_and_the_next_request_works()
    {
        using TestTpm tpm = TestTpm.Start("swtpm");
        RecordingBus bus = new(tpm.Open);
        TimeSpan waited = TimeSpan.Zero;
        using TpmConnection connection = new(new TpmConnectionOptions
        {
            Open = bus.Open,
            Memory = new TestMemory(),
            Pause = time => waited += time,
        });
        TpmKeyBlobs key = connection.Create(TpmKeyTemplate.Ecdsa256, TpmParent.Owner, "1234"u8, []);
        bus.Before = command => RecordingBus.Code(command) == TPM_CC.Sign ? RecordingBus.Refusal(0x922) : null;
        waited = TimeSpan.Zero;
        TpmException error = Assert.Throws<TpmException>(
            () => connection.Sign(key, TpmParent.Owner, Ecdsa, Digest, "1234"u8, null));
        Assert.Equal(BackendFailure.Busy, error.Failure);
        Assert.InRange(waited.TotalSeconds, 1.5, 2.5);

        bus.Before = null;
        TestKeys.AssertSigns(connection, key, "SHA256", "1234"u8);
    }

    [Theory]
    [MemberData(nameof(TestTpm.Kinds), MemberType = typeof(TestTpm))]
    public void Restart_between_signatures_costs_a_reload_and_nothing_else(string kind)
    {
        using TestTpm tpm = TestTpm.Start(kind);
        using TpmConnection connection = tpm.Connect(out RecordingBus bus);
        TpmKeyBlobs key = connection.Create(TpmKeyTemplate.Ecdsa256, TpmParent.Owner, "1234"u8, []);
        TestKeys.AssertSigns(connection, key, "SHA256", "1234"u8);

        for (int i = 0; i < 2; i++)
        {
            tpm.Restart();
            bus.Forget();
            TestKeys.AssertSigns(connection, key, "SHA256", "1234"u8);
            Assert.Equal(1, bus.Exchanges.Count(exchange =>
                RecordingBus.Code(exchange.Command) == TPM_CC.Load && exchange.Response[9] == 0));
        }
    }

    [Fact]
    public void Restart_during_a_signature_does_not_send_a_PIN_twice()
    {
        using TestTpm tpm = TestTpm.Start("swtpm");
        using TpmConnection connection = tpm.Connect(out RecordingBus bus);
        TpmKeyBlobs key = connection.Create(TpmKeyTemplate.Ecdsa256, TpmParent.Owner, "1234"u8, []);
        TestKeys.AssertSigns(connection, key, "SHA256", "1234"u8);

        bus.Forget();
        int signatures = 0;
        bus.After = (command, response) =>
        {
            if (RecordingBus.Code(command) != TPM_CC.Sign)
            {
                return response;
            }

            signatures++;
            tpm.Restart();
            throw new TpmDeviceLostException("killed", commandWasSent: true);
        };
        BackendException error = Assert.ThrowsAny<BackendException>(
            () => connection.Sign(key, TpmParent.Owner, Ecdsa, Digest, "1234"u8, null));
        Assert.Equal(BackendFailure.Busy, error.Failure);
        Assert.Equal(1, signatures);

        bus.After = null;
        TestKeys.AssertSigns(connection, key, "SHA256", "1234"u8);
    }

    [Fact]
    public void Restart_during_a_signature_without_PIN_goes_unnoticed()
    {
        using TestTpm tpm = TestTpm.Start("swtpm");
        using TpmConnection connection = tpm.Connect(out RecordingBus bus);
        TpmKeyBlobs key = connection.Create(TpmKeyTemplate.Ecdsa256, TpmParent.Owner, [], []);
        bool broken = false;
        bus.After = (command, response) =>
        {
            if (RecordingBus.Code(command) != TPM_CC.Sign || broken)
            {
                return response;
            }

            broken = true;
            tpm.Restart();
            throw new TpmDeviceLostException("killed", commandWasSent: true);
        };
        TestKeys.AssertSigns(connection, key, "SHA256", []);
        Assert.True(broken);
    }

    [Fact]
    public void Lost_connection_to_a_running_TPM_leaves_no_slot_taken()
    {
        using TestTpm tpm = TestTpm.Start("swtpm");
        using (TpmConnection connection = tpm.Connect(out RecordingBus bus))
        {
            TpmKeyBlobs key = connection.Create(TpmKeyTemplate.Ecdsa256, TpmParent.Owner, [], []);
            for (int i = 0; i < 10; i++)
            {
                bool broken = false;
                bus.After = (command, response) =>
                {
                    if (broken || RecordingBus.Code(command) != TPM_CC.Sign)
                    {
                        return response;
                    }

                    broken = true;
                    throw new TpmDeviceLostException("unplugged", commandWasSent: true);
                };
                TestKeys.AssertSigns(connection, key, "SHA256", []);
                Assert.True(broken);
            }

            Assert.Equal(11, bus.Opened);
        }

        Assert.Empty(TestKeys.LoadedHandles(tpm));
    }

    [Fact]
    public void TPM_that_is_gone_is_reported_as_absent_and_used_again_when_it_is_back()
    {
        using SwtpmProcess swtpm = SwtpmProcess.Start();
        using TpmConnection connection = new(TestTpm.Options(swtpm.Open));
        TpmKeyBlobs key = connection.Create(TpmKeyTemplate.Ecdsa256, TpmParent.Owner, "1234"u8, []);

        swtpm.Kill();
        for (int i = 0; i < 3; i++)
        {
            BackendException error = Assert.ThrowsAny<BackendException>(
                () => connection.Sign(key, TpmParent.Owner, Ecdsa, Digest, "1234"u8, null));
            Assert.Equal(BackendFailure.DeviceAbsent, error.Failure);
        }

        swtpm.Launch();
        TestKeys.AssertSigns(connection, key, "SHA256", "1234"u8);
    }

    [Theory]
    [MemberData(nameof(TestTpm.Kinds), MemberType = typeof(TestTpm))]
    public void More_keys_than_slots_take_turns(string kind)
    {
        using TestTpm tpm = TestTpm.Start(kind);
        using (TpmConnection connection = tpm.Connect(out RecordingBus bus))
        {
            TpmKeyBlobs[] keys = [.. Enumerable.Range(0, 5).Select(i =>
                connection.Create(TpmKeyTemplate.Ecdsa256, TpmParent.Owner, i % 2 == 0 ? [] : "1234"u8, []))];
            bus.Forget();
            for (int round = 0; round < 3; round++)
            {
                for (int i = 0; i < keys.Length; i++)
                {
                    TestKeys.AssertSigns(connection, keys[i], "SHA256", i % 2 == 0 ? [] : "1234"u8);
                }
            }

            // Room is made before the TPM has to complain: Linux's resource manager drops what is one too many.
            Assert.DoesNotContain(bus.Exchanges, exchange => exchange.Response[8] == 0x09 && exchange.Response[9] == 0x02);
        }

        Assert.Empty(TestKeys.LoadedHandles(tpm));
    }

    [Theory]
    [MemberData(nameof(TestTpm.Kinds), MemberType = typeof(TestTpm))]
    public void Slots_taken_by_another_program_are_never_flushed(string kind)
    {
        using TestTpm tpm = TestTpm.Start(kind);
        List<uint> others = TestKeys.TakeSlots(tpm, 3);
        using (TpmConnection connection = tpm.Connect())
        {
            TpmException error = Assert.Throws<TpmException>(() => connection.ReadParent(TpmParent.Owner));
            Assert.Equal(BackendFailure.Busy, error.Failure);
            Assert.Contains("another program", error.Message, StringComparison.Ordinal);
        }

        Assert.Equal(others, TestKeys.LoadedHandles(tpm));
    }

    [Theory]
    [MemberData(nameof(TestTpm.Kinds), MemberType = typeof(TestTpm))]
    public void Two_slots_are_enough(string kind)
    {
        using TestTpm tpm = TestTpm.Start(kind);
        TestKeys.TakeSlots(tpm, 1);
        using TpmConnection connection = tpm.Connect();
        TpmKeyBlobs first = connection.Create(TpmKeyTemplate.Ecdsa256, TpmParent.Owner, [], []);
        TpmKeyBlobs second = connection.Seal([1, 2, 3], TpmParent.Owner, [], []);
        for (int i = 0; i < 3; i++)
        {
            TestKeys.AssertSigns(connection, first, "SHA256", []);
            using Secret secret = connection.Unseal(second, TpmParent.Owner, [], null);
            Assert.Equal([1, 2, 3], secret.Span.ToArray());
        }
    }

    [Theory]
    [InlineData(0x910u)] // TPM_RC_REFERENCE_H0
    [InlineData(0x918u)] // TPM_RC_REFERENCE_S0
    public void Lost_handle_is_reloaded_once(uint code)
    {
        using TestTpm tpm = TestTpm.Start("swtpm");
        using (TpmConnection connection = tpm.Connect(out RecordingBus bus))
        {
            TpmKeyBlobs key = connection.Create(TpmKeyTemplate.Ecdsa256, TpmParent.Owner, [], []);
            TestKeys.AssertSigns(connection, key, "SHA256", []);
            bool once = true;
            bus.Before = command => RecordingBus.Code(command) == TPM_CC.Sign && once ^ (once = false)
                ? RecordingBus.Refusal(code)
                : null;
            TestKeys.AssertSigns(connection, key, "SHA256", []);

            bus.Before = command => RecordingBus.Code(command) == TPM_CC.Sign ? RecordingBus.Refusal(code) : null;
            bus.Forget();
            TpmException error = Assert.Throws<TpmException>(
                () => connection.Sign(key, TpmParent.Owner, Ecdsa, Digest, [], null));
            Assert.Equal(code, error.Code!.Value.Value);
            Assert.Equal(2, bus.Commands.Count(command => command == nameof(TPM_CC.Sign)));
        }

        Assert.Empty(TestKeys.LoadedHandles(tpm));
    }

    [Fact]
    public void Full_session_table_is_reported()
    {
        using TestTpm tpm = TestTpm.Start("swtpm");
        using TpmConnection connection = tpm.Connect(out RecordingBus bus);
        bus.Before = command =>
            RecordingBus.Code(command) == TPM_CC.StartAuthSession ? RecordingBus.Refusal(0x903) : null;
        TpmException error = Assert.Throws<TpmException>(
            () => connection.Create(TpmKeyTemplate.Ecdsa256, TpmParent.Owner, [], []));
        Assert.Equal(BackendFailure.Busy, error.Failure);
        Assert.Contains("sessions", error.Message, StringComparison.Ordinal);
        bus.Before = null;
        TestKeys.AssertWorks(connection);
    }

    [Fact]
    public void TPM_that_nobody_has_started_is_started()
    {
        using TestTpm tpm = TestTpm.Start("swtpm");
        using TpmConnection connection = tpm.Connect(out RecordingBus bus);
        bool started = false;
        bus.Before = command =>
        {
            if (RecordingBus.Code(command) == TPM_CC.Startup)
            {
                started = true;
                return RecordingBus.Refusal(0);
            }

            return started ? null : RecordingBus.Refusal(0x100);
        };
        TestKeys.AssertWorks(connection);
        Assert.True(started);
    }

    [Theory]
    [MemberData(nameof(TestTpm.Kinds), MemberType = typeof(TestTpm))]
    public void Key_of_another_TPM_is_refused_in_words(string kind)
    {
        using TestTpm tpm = TestTpm.Start(kind);
        using TestTpm other = TestTpm.Start(kind);
        using TpmConnection connection = tpm.Connect();
        TpmKeyBlobs key;
        using (TpmConnection elsewhere = other.Connect())
        {
            key = elsewhere.Create(TpmKeyTemplate.Ecdsa256, TpmParent.Owner, [], []);
        }

        TpmException error = Assert.Throws<TpmException>(
            () => connection.Sign(key, TpmParent.Owner, Ecdsa, Digest, [], null));
        Assert.Contains("does not belong to this TPM", error.Message, StringComparison.Ordinal);
        TestKeys.AssertWorks(connection);
    }
}
