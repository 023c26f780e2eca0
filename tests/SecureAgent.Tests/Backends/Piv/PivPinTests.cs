using SecureAgent.Backends.Pins;
using SecureAgent.Backends.Piv;
using SecureAgent.Core;
using SecureAgent.Tests.Core;

namespace SecureAgent.Tests.Backends.Piv;

public sealed class PivPinTests
{
    private const string Wrong = "654321";
    private const byte Verify = 0x20;
    private const byte GeneralAuthenticate = 0x87;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Five_hundred_requests_with_one_wrong_PIN_cost_one_try()
    {
        await using PivBench bench = await StartAsync();
        bench.Person.Give(Wrong);

        BackendException[] errors = await Task.WhenAll(
            Enumerable.Range(0, 500).Select(_ => Assert.ThrowsAsync<BackendException>(() => bench.SignAsync())));

        Assert.All(errors, error => Assert.Equal(BackendFailure.PinRequired, error.Failure));
        Assert.Equal(2, bench.Card.PinTriesLeft);
        Assert.Equal(1, bench.Readers.PinsSent);
        // The second is the question after the wrong answer, which was dismissed.
        Assert.True(bench.Person.Prompts.Count >= 2);
        Assert.True(bench.Person.Prompts[1].PreviousWasWrong);
        Assert.Equal(2, bench.Person.Prompts[1].TriesLeft);
    }

    [Fact]
    public async Task Wrong_PIN_whose_answer_was_lost_is_not_sent_again()
    {
        await using PivBench bench = await StartAsync();
        bench.Person.Give(Wrong);
        Identity key = bench.Key();
        bench.Readers.AfterTransmit = apdu =>
        {
            if (apdu[1] == Verify && apdu.Length > 5)
            {
                bench.Readers.SetService(false);
                bench.Readers.SetService(true);
            }
        };

        BackendException[] errors = await Task.WhenAll(
            Enumerable.Range(0, 20).Select(_ => Assert.ThrowsAsync<BackendException>(() => bench.SignAsync(key))));

        Assert.Contains(errors, error => error.Failure == BackendFailure.DeviceAbsent);
        Assert.Equal(1, bench.Readers.PinsSent);
        Assert.Equal(2, bench.Card.PinTriesLeft);
    }

    [Fact]
    public async Task Cached_PIN_that_another_program_changed_costs_one_try()
    {
        await using PivBench bench = await StartAsync();
        bench.Person.Give(PivBench.Pin);
        await bench.SignAsync();
        bench.Readers.Reset(PivBench.Reader);
        bench.Use(commands => commands.ChangeReference(PivCommands.Pin, "123456"u8, "111222"u8));

        await Task.WhenAll(
            Enumerable.Range(0, 500).Select(_ => Assert.ThrowsAsync<BackendException>(() => bench.SignAsync())));
        Assert.Equal(2, bench.Card.PinTriesLeft);

        bench.Person.Give("111222");
        await bench.SignAsync();
        Assert.Equal(3, bench.Card.PinTriesLeft);
    }

    [Fact]
    public async Task Schedules_of_wrong_and_right_PINs_never_block_the_card_and_never_send_one_twice()
    {
        for (int seed = 0; seed < 40; seed++)
        {
            Random random = new(seed);
            await using PivBench bench = await StartAsync();
            int wrong = random.Next(0, 3);
            for (int i = 0; i < wrong; i++)
            {
                bench.Person.Give(Wrong);
            }

            bench.Person.Delay = ct => Task.Delay(random.Next(0, 3), ct);
            int parallel = seed == 0 ? 500 : random.Next(1, 100);
            List<Task> requests = [];
            for (int i = 0; i < parallel; i++)
            {
                requests.Add(Task.Run(() => Record.ExceptionAsync(() => bench.SignAsync())));
                if (random.Next(4) == 0)
                {
                    await Task.Yield();
                }

                if (random.Next(10) == 0)
                {
                    bench.Backend.DropSecrets();
                }

                if (random.Next(10) == 0)
                {
                    bench.Readers.Reset(PivBench.Reader);
                }

                if (random.Next(10) == 0)
                {
                    bench.Readers.SendAsAnother(PivBench.Reader, "00A4040008A000000527471117");
                }
            }

            await Task.WhenAll(requests).WaitAsync(TimeSpan.FromSeconds(60), Ct);
            Assert.True(bench.Card.PinTriesLeft >= 1, $"seed {seed}: blocked");
            Assert.True(bench.Card.PinTriesLeft >= 3 - wrong, $"seed {seed}: a wrong PIN was sent twice");
            Assert.True(bench.Readers.PinsSent <= bench.Person.Prompts.Count, $"seed {seed}: more PINs than questions");
        }
    }

    [Fact]
    public async Task Last_try_needs_consent()
    {
        await using PivBench bench = await StartAsync();
        BurnTries(bench, 2);
        bench.Person.Give(PivBench.Pin);

        BackendException error = await Assert.ThrowsAsync<BackendException>(() => bench.SignAsync());
        Assert.Contains("one more wrong one blocks it", error.Message, StringComparison.Ordinal);
        Assert.Contains("one try left", Assert.Single(bench.Person.Consents).Who.Purpose, StringComparison.Ordinal);
        Assert.Empty(bench.Person.Prompts);
        Assert.Equal(0, bench.Readers.PinsSent);

        bench.Person.Consent = true;
        await bench.SignAsync();
        Assert.Equal(1, bench.Person.Prompts[0].TriesLeft);
        Assert.Equal(3, bench.Card.PinTriesLeft);
    }

    [Fact]
    public async Task Cached_PIN_is_not_sent_for_the_last_try()
    {
        await using PivBench bench = await StartAsync();
        bench.Person.Give(PivBench.Pin);
        await bench.SignAsync();
        BurnTries(bench, 2);
        bench.Readers.Forget();

        BackendException error = await Assert.ThrowsAsync<BackendException>(() => bench.SignAsync());
        Assert.Equal(BackendFailure.PinRequired, error.Failure);
        Assert.Single(bench.Person.Consents);
        Assert.Equal(0, bench.Readers.PinsSent);
        Assert.Equal(1, bench.Card.PinTriesLeft);
    }

    [Fact]
    public async Task Blocked_PIN_is_said_with_its_cure_and_nobody_is_asked()
    {
        await using PivBench bench = await StartAsync();
        BurnTries(bench, 3);
        bench.Person.Give(PivBench.Pin);

        BackendException error = await Assert.ThrowsAsync<BackendException>(() => bench.SignAsync());
        Assert.Equal(BackendFailure.LockedOut, error.Failure);
        Assert.Equal(
            "The PIN of YubiKey 12345678 is blocked. Set a new one with the PUK: secure-agent token unblock",
            error.Message);
        Assert.Empty(bench.Person.Prompts);
        Assert.Equal(0, bench.Readers.PinsSent);
    }

    [Theory]
    [InlineData("12345")]
    [InlineData("123456789")]
    public async Task PIN_of_a_size_that_no_card_takes_costs_no_try(string pin)
    {
        await using PivBench bench = await StartAsync();
        bench.Person.Give(pin);
        bench.Person.Give(PivBench.Pin);

        await bench.SignAsync();
        Assert.Equal(1, bench.Readers.PinsSent);
        Assert.Equal(2, bench.Person.Prompts.Count);
    }

    [Fact]
    public async Task Key_with_policy_always_verifies_right_before_each_signature()
    {
        await using PivBench bench = await StartAsync(PivPinPolicy.Always);
        bench.Person.Give(PivBench.Pin);
        await bench.SignAsync();
        bench.Readers.Forget();
        await bench.SignAsync();

        Assert.Equal([Verify, Verify, GeneralAuthenticate], bench.Readers.Instructions);
        Assert.Equal(1, bench.Readers.PinsSent);
        Assert.Single(bench.Person.Prompts);
    }

    [Fact]
    public async Task Key_with_policy_never_asks_for_no_PIN()
    {
        await using PivBench bench = await StartAsync(PivPinPolicy.Never);
        await bench.SignAsync();
        Assert.Empty(bench.Person.Prompts);
        Assert.Equal(0, bench.Readers.PinsSent);
    }

    [Fact]
    public async Task PIN_that_is_not_cached_is_asked_for_and_verified_again_though_the_card_still_would_sign()
    {
        await using PivBench bench = await StartAsync(policy: PinCachePolicy.Never);
        bench.Person.Give(PivBench.Pin);
        bench.Person.Give(PivBench.Pin);
        await bench.SignAsync();
        await bench.SignAsync();
        Assert.Equal(2, bench.Person.Prompts.Count);
        Assert.Equal(2, bench.Readers.PinsSent);

        bench.Person.Give(Wrong);
        await Assert.ThrowsAsync<BackendException>(() => bench.SignAsync());
    }

    [Fact]
    public async Task PIN_is_asked_for_again_after_its_uses()
    {
        await using PivBench bench = await StartAsync(policy: PinCachePolicy.Uses(2));
        bench.Person.Give(PivBench.Pin);
        bench.Person.Give(PivBench.Pin);
        for (int i = 0; i < 4; i++)
        {
            await bench.SignAsync();
        }

        Assert.Equal(2, bench.Person.Prompts.Count);
        await Assert.ThrowsAsync<BackendException>(() => bench.SignAsync());
    }

    [Fact]
    public async Task PIN_is_forgotten_when_secrets_are_dropped_also_by_the_card()
    {
        await using PivBench bench = await StartAsync();
        bench.Person.Give(PivBench.Pin);
        await bench.SignAsync();
        Assert.Equal("9000", TriesAsAnotherProgramReadsThem(bench));
        bench.Backend.DropSecrets();
        await PivBench.Until(() => TriesAsAnotherProgramReadsThem(bench) == "63C3");

        await Assert.ThrowsAsync<BackendException>(() => bench.SignAsync());
        Assert.Equal(2, bench.Person.Prompts.Count);
    }

    [Fact]
    public async Task PIN_is_forgotten_when_the_card_is_taken_out()
    {
        await using PivBench bench = await StartAsync();
        bench.Person.Give(PivBench.Pin);
        await bench.SignAsync();
        bench.Readers.Remove(PivBench.Reader);
        await bench.UntilAsync(list => list.Count == 0);
        bench.Readers.Insert(PivBench.Reader, bench.Card);
        await bench.UntilAsync(list => list.Count == 1);

        await Assert.ThrowsAsync<BackendException>(() => bench.SignAsync());
        Assert.Equal(1, bench.Readers.PinsSent);
    }

    [Fact]
    public async Task Prompt_names_key_token_and_tries()
    {
        await using PivBench bench = await StartAsync();
        BurnTries(bench, 1);
        bench.Person.Give(PivBench.Pin);
        await bench.SignAsync();

        PinPrompt prompt = Assert.Single(bench.Person.Prompts);
        Assert.Equal("piv:12345678:9a", prompt.KeyName);
        Assert.Equal("YubiKey 12345678", prompt.Device);
        Assert.Equal(2, prompt.TriesLeft);
        Assert.False(prompt.PreviousWasWrong);
    }

    private static async Task<PivBench> StartAsync(
        PivPinPolicy pinPolicy = PivPinPolicy.Default, PinCachePolicy? policy = null)
    {
        PivBench bench = PivBench.Start();
        bench.Generate(PivSlot.Authentication, PivAlgorithm.ED25519, pinPolicy);
        await bench.ListAsync(policy ?? PinCachePolicy.UntilDropped);
        return bench;
    }

    private static string TriesAsAnotherProgramReadsThem(PivBench bench) =>
        Convert.ToHexString(bench.Readers.SendAsAnother(PivBench.Reader, "00200080"));

    private static void BurnTries(PivBench bench, int count)
    {
        for (int i = 0; i < count; i++)
        {
            bench.Use(commands => commands.Verify("000000"u8));
        }
    }
}
