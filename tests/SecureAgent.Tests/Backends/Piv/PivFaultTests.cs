using SecureAgent.Backends.Pins;
using SecureAgent.Backends.Piv;
using SecureAgent.Core;
using SecureAgent.Tests.Core;
using PivCard = SecureAgent.HwSim.Piv.PivCard;
using PivCardOptions = SecureAgent.HwSim.Piv.PivCardOptions;

namespace SecureAgent.Tests.Backends.Piv;

public sealed class PivFaultTests
{
    private const string SelectManagement = "00A4040008A000000527471117";

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Card_taken_out_at_any_APDU_of_a_signature_is_said_and_signs_again_when_it_is_back(bool isWarm)
    {
        for (int at = 1; ; at++)
        {
            await using PivBench bench = await StartAsync();
            if (isWarm)
            {
                await bench.SignAsync();
                bench.Readers.Forget();
            }

            bool wasTaken = false;
            int number = at;
            bench.Readers.BeforeTransmit = apdu =>
            {
                if (apdu == number)
                {
                    wasTaken = true;
                    bench.Readers.Remove(PivBench.Reader);
                }
            };
            Exception? exception = await Record.ExceptionAsync(() => bench.SignAsync());
            bench.Readers.BeforeTransmit = null;
            if (!wasTaken)
            {
                Assert.Null(exception);
                Assert.Equal(isWarm ? 2 : 5, at);
                return;
            }

            BackendException error = Assert.IsAssignableFrom<BackendException>(exception);
            Assert.Equal(BackendFailure.DeviceAbsent, error.Failure);
            Assert.Contains("12345678 was taken out", error.Message, StringComparison.Ordinal);
            await bench.UntilAsync(list => list.Count == 0);

            bench.Readers.Insert(PivBench.Reader, bench.Card);
            await bench.UntilAsync(list => list.Count == 1);
            bench.Person.Give(PivBench.Pin);
            await bench.SignAsync();
            Assert.Equal(3, bench.Card.PinTriesLeft);
        }
    }

    [Fact]
    public async Task Card_swapped_for_another_never_signs()
    {
        await using PivBench bench = await StartAsync();
        Identity old = bench.Key();
        PivCard other = new(new PivCardOptions { Serial = 99 });
        bench.Readers.Insert("Other", other);
        PivBench.Generate(bench.Readers, "Other", PivSlot.Authentication, PivAlgorithm.ED25519);
        bench.Readers.Remove("Other");
        bench.Readers.Insert(PivBench.Reader, other);
        await bench.UntilAsync(list => list is [{ Comment: "piv:99:9a" }]);

        BackendException error = await Assert.ThrowsAsync<BackendException>(() => bench.SignAsync(old));
        Assert.Equal(BackendFailure.DeviceAbsent, error.Failure);
        Assert.Equal(0, other.Count(0x87) - 2); // The two of the management key, when its key was made.
    }

    [Fact]
    public void Connection_to_one_card_refuses_another_in_its_reader()
    {
        using SimulatedReaders readers = new();
        readers.Insert("R", new PivCard(new PivCardOptions { Serial = 1 }));
        using PivConnection connection = new(readers, "R");
        connection.Token = connection.Run(used => PivTokenReader.Read(used.Commands, "R", used.Atr));
        readers.Insert("R", new PivCard(new PivCardOptions { Serial = 2 }));

        BackendException error = Assert.ThrowsAny<BackendException>(() => connection.Run(_ => true));
        Assert.Equal(BackendFailure.DeviceAbsent, error.Failure);
        Assert.Contains("Another card than PIV card 1", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Reset_by_another_program_costs_the_person_nothing()
    {
        await using PivBench bench = await StartAsync();
        await bench.SignAsync();
        bench.Readers.Forget();
        bench.Readers.Reset(PivBench.Reader);
        int connects = bench.Readers.Connects;

        await bench.SignAsync();
        Assert.Equal([0xA4, 0xF8, 0x20, 0x20, 0x87], bench.Readers.Instructions);
        Assert.Equal(connects + 1, bench.Readers.Connects);
        Assert.Single(bench.Person.Prompts);
    }

    [Fact]
    public async Task Application_deselected_by_another_program_costs_the_person_nothing()
    {
        await using PivBench bench = await StartAsync();
        await bench.SignAsync();
        bench.Readers.Forget();
        bench.Readers.SendAsAnother(PivBench.Reader, SelectManagement);

        await bench.SignAsync();
        Assert.Equal([0x87, 0xA4, 0xF8, 0x20, 0x20, 0x87], bench.Readers.Instructions);
        Assert.Single(bench.Person.Prompts);
    }

    [Fact]
    public async Task PIN_is_not_sent_to_another_application()
    {
        await using PivBench bench = await StartAsync(PinCachePolicy.Never);
        await bench.SignAsync();
        bench.Person.Give(PivBench.Pin);
        bench.Person.Delay = _ =>
        {
            // Between the question for the tries and the PIN.
            bench.Readers.SendAsAnother(PivBench.Reader, SelectManagement);
            bench.Readers.Forget();
            return Task.CompletedTask;
        };

        await bench.SignAsync();
        byte[] first = bench.Readers.Apdus[0];
        Assert.Equal([0x00, 0x20, 0x00, 0x80], first);
        Assert.Equal([0x20, 0xA4, 0xF8, 0x20, 0x20, 0x87], bench.Readers.Instructions);
    }

    [Fact]
    public async Task Card_that_another_program_holds_is_busy_and_listed_when_it_is_free()
    {
        await using PivBench bench = PivBench.Start();
        bench.Generate(PivSlot.Authentication, PivAlgorithm.ED25519);
        bench.Readers.SetExclusive(PivBench.Reader, true);
        await bench.ListAsync(PivBench.Pin);
        Assert.Empty(bench.Backend.Snapshot());
        Assert.Contains(bench.Log.Events, logged => logged.Message.Contains("exclusively", StringComparison.Ordinal));

        bench.Readers.SetExclusive(PivBench.Reader, false);
        await bench.UntilAsync(list => list.Count == 1);
        bench.Readers.SetExclusive(PivBench.Reader, true);
        BackendException error = await Assert.ThrowsAsync<BackendException>(() => SignAfterReleaseAsync(bench));
        Assert.Equal(BackendFailure.Busy, error.Failure);
    }

    [Fact]
    public async Task Keys_that_another_program_made_are_listed_when_the_cards_are_read_again()
    {
        await using PivBench bench = await StartAsync();
        Identity first = bench.Key();
        await bench.SignAsync(first);
        bench.Generate(PivSlot.Signature, PivAlgorithm.ED25519);
        bench.Backend.Reread();
        await bench.UntilAsync(list => list.Count == 2);
        Assert.Single(bench.Person.Prompts);
        await bench.SignAsync(bench.Key(":9c"));
    }

    [Fact]
    public async Task Card_is_let_go_soon_after_its_last_use()
    {
        ManualTime time = new();
        await using PivBench bench = PivBench.Start(time: time);
        bench.Generate(PivSlot.Authentication, PivAlgorithm.ED25519);
        await bench.ListAsync(PivBench.Pin);
        await bench.SignAsync();
        Assert.Equal(1, bench.Readers.OpenConnections);

        time.Advance(TimeSpan.FromSeconds(2));
        await PivBench.Until(() => bench.Readers.OpenConnections == 0);
        bench.Readers.Forget();
        await bench.SignAsync();
        Assert.Single(bench.Person.Prompts);
        Assert.Equal(0xA4, bench.Readers.Instructions[0]);
    }

    [Fact]
    public async Task Service_that_stops_and_comes_back_needs_no_restart()
    {
        await using PivBench bench = await StartAsync();
        await bench.SignAsync();
        bench.Readers.SetService(false);
        await bench.UntilAsync(list => list.Count == 0);
        bench.Readers.SetService(true);
        await bench.UntilAsync(list => list.Count == 1);

        bench.Person.Give(PivBench.Pin);
        await bench.SignAsync();
    }

    [Fact]
    public async Task Service_that_fails_again_and_again_is_not_asked_without_pause()
    {
        await using PivBench bench = PivBench.Start();
        bench.Readers.ListFails = true;
        await bench.ListAsync();
        await PivBench.Until(() => bench.Readers.Lists >= 2);
        await bench.Backend.DisposeAsync(); // does not wait for the pause
        Assert.InRange(bench.Readers.Lists, 2, 3);
    }

    [Fact]
    public async Task Service_started_again_between_two_signatures_costs_the_person_nothing()
    {
        await using PivBench bench = await StartAsync();
        await bench.SignAsync();
        Identity key = bench.Key();
        bench.Readers.SetService(false);
        bench.Readers.SetService(true);
        await Record.ExceptionAsync(() => bench.SignAsync(key));
        await bench.UntilAsync(list => list.Count == 1);
    }

    [Fact]
    public async Task Backend_starts_without_service_and_without_readers()
    {
        await using PivBench bench = PivBench.Start();
        bench.Generate(PivSlot.Authentication, PivAlgorithm.ED25519);
        bench.Readers.SetService(false);
        await bench.ListAsync(PivBench.Pin);
        Assert.Empty(bench.Backend.Snapshot());

        bench.Readers.SetService(true);
        await bench.UntilAsync(list => list.Count == 1);
        await bench.SignAsync();
    }

    [Fact]
    public async Task Two_cards_sign_each_with_its_own_PIN()
    {
        await using PivBench bench = PivBench.Start();
        bench.Generate(PivSlot.Authentication, PivAlgorithm.ED25519);
        PivCard other = new(new PivCardOptions { Serial = 99 });
        bench.Readers.Insert("Other", other);
        PivBench.Generate(bench.Readers, "Other", PivSlot.Parse("95"), PivAlgorithm.ED25519);
        PivBench.Use(bench.Readers, "Other",
            commands => commands.ChangeReference(PivCommands.Pin, "123456"u8, "777777"u8));
        await bench.ListAsync();

        Assert.Equal(
            ["piv:12345678:9a", "piv:99:95"], bench.Backend.Snapshot().Select(identity => identity.Comment));
        bench.Person.Give(PivBench.Pin);
        await bench.SignAsync(bench.Key(":9a"));
        bench.Person.Give("777777");
        await bench.SignAsync(bench.Key(":95"));
        await bench.SignAsync(bench.Key(":9a"));
        Assert.Equal(2, bench.Person.Prompts.Count);
    }

    private static async Task SignAfterReleaseAsync(PivBench bench)
    {
        await PivBench.Until(() => bench.Readers.OpenConnections == 0);
        await bench.SignAsync();
    }

    private static async Task<PivBench> StartAsync(PinCachePolicy? policy = null)
    {
        PivBench bench = PivBench.Start();
        bench.Generate(PivSlot.Authentication, PivAlgorithm.ED25519);
        await bench.ListAsync(policy ?? PinCachePolicy.UntilDropped, PivBench.Pin);
        return bench;
    }
}
