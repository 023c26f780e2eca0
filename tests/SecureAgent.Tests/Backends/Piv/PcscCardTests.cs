using SecureAgent.Backends.Piv;
using SecureAgent.Tests.EndToEnd;
using SecureAgent.Tests.HwSim;

namespace SecureAgent.Tests.Backends.Piv;

/// <summary>Connections to a card in a reader of a real pcscd.</summary>
[Collection(PcscOfThisProcess.Collection)]
public sealed class PcscCardTests : PcscTest
{
    private static readonly byte[] Command = [0x00, 0xCB, 0x3F, 0xFF, 0x00];

    // What a card that has gone is called depends on who notices first.
    private static readonly SmartCardStatus[] Gone =
    [
        SmartCardStatus.RemovedCard, SmartCardStatus.NoSmartCard, SmartCardStatus.NotTransacted,
        SmartCardStatus.ReaderUnavailable, SmartCardStatus.UnpoweredCard,
    ];

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(1)]
    [InlineData(256)]
    [InlineData(300)]
    [InlineData(4000)]
    [InlineData(65_000)]
    public void Commands_and_responses_of_all_lengths_pass_unchanged(int length)
    {
        byte[] data = new byte[length];
        Random.Shared.NextBytes(data);
        byte[] sent = [];
        using ScriptedCard card = Insert(command =>
        {
            sent = command;
            return [.. data, 0x90, 0x00];
        });
        using ISmartCard connection = Readers.Connect(FirstReader);
        byte[] command = [0x00, 0xDB, 0x3F, 0xFF, 0x00, (byte)(length >> 8), (byte)length, .. data];
        byte[] response = new byte[65_538];
        int count = connection.Transmit(command, response);
        Assert.Equal(command, sent);
        Assert.Equal([.. data, 0x90, 0x00], response[..count]);
    }

    [Fact]
    public void Empty_reader_and_unknown_reader_cannot_be_connected_to()
    {
        Assert.Equal(SmartCardStatus.NoSmartCard, StatusOf(() => Readers.Connect(FirstReader)));
        Assert.Equal(SmartCardStatus.UnknownReader, StatusOf(() => Readers.Connect("No such reader")));
    }

    [Fact]
    public async Task Transaction_keeps_another_connection_out_until_it_ends()
    {
        using ScriptedCard card = Insert();
        using ISmartCard first = Readers.Connect(FirstReader);
        using ISmartCard second = Readers.Connect(FirstReader);
        bool ended = false;
        first.BeginTransaction();
        Task<bool> waiting = Start(() =>
        {
            second.BeginTransaction();
            return Volatile.Read(ref ended);
        });
        byte[] response = new byte[258];
        for (int i = 0; i < 200; i++)
        {
            Assert.Equal(2, first.Transmit(Command, response));
            Assert.False(waiting.IsCompleted);
        }

        Volatile.Write(ref ended, true);
        first.EndTransaction();
        Assert.True(await waiting.WaitAsync(Deadline.Span, Ct));
        second.EndTransaction();
    }

    [Fact]
    public void Disposing_leaves_the_card_as_it_is()
    {
        using ScriptedCard card = Insert();
        using ISmartCard first = Readers.Connect(FirstReader);
        int resets = card.Resets;
        Readers.Connect(FirstReader).Dispose();
        Readers.Connect(FirstReader).Dispose();
        first.BeginTransaction();
        Assert.Equal(2, first.Transmit(Command, new byte[258]));
        first.EndTransaction();
        Assert.Equal(resets, card.Resets);
    }

    [Fact]
    public void Connection_ends_when_another_program_resets_the_card_and_a_new_one_works()
    {
        using ScriptedCard card = Insert();
        using (ISmartCard connection = Readers.Connect(FirstReader))
        {
            LeaveAsAnother(Pcsc.SCARD_RESET_CARD);
            Assert.Equal(SmartCardStatus.ResetCard, StatusOf(connection.BeginTransaction));
        }

        using (ISmartCard connection = Readers.Connect(FirstReader))
        {
            connection.BeginTransaction();
            Assert.Equal(2, connection.Transmit(Command, new byte[258]));
            connection.EndTransaction();
            Assert.Equal(ScriptedCard.Atr, connection.Atr.ToArray());
            LeaveAsAnother(Pcsc.SCARD_RESET_CARD);
            Assert.Equal(SmartCardStatus.ResetCard, StatusOf(() => connection.Transmit(Command, new byte[258])));
        }

        using ISmartCard last = Readers.Connect(FirstReader);
        Assert.Equal(2, last.Transmit(Command, new byte[258]));
    }

    [Fact]
    public void Card_that_another_program_switches_off_is_on_again_for_the_next_and_for_all_after()
    {
        using ScriptedCard card = Insert();
        using (ISmartCard connection = Readers.Connect(FirstReader))
        {
            LeaveAsAnother(Pcsc.SCARD_UNPOWER_CARD);
            Assert.Equal(SmartCardStatus.ResetCard, StatusOf(connection.BeginTransaction));
        }

        using ISmartCard next = Readers.Connect(FirstReader);
        using ISmartCard other = Readers.Connect(FirstReader);
        Assert.Equal(2, next.Transmit(Command, new byte[258]));
        Assert.Equal(2, other.Transmit(Command, new byte[258]));
    }

    [Fact]
    public void Card_that_was_taken_out_is_told_by_every_call_and_the_next_one_is_found()
    {
        ISmartCard connection;
        using (Insert())
        {
            connection = Readers.Connect(FirstReader);
            connection.BeginTransaction();
        }

        using (connection)
        {
            Until(readers => !readers[0].HasCard);
            Assert.Contains(StatusOf(() => connection.Transmit(Command, new byte[258])), Gone);
            connection.EndTransaction();
            Assert.Contains(StatusOf(connection.BeginTransaction), Gone);
            Assert.Contains(StatusOf(() => Readers.Connect(FirstReader)), Gone);
        }

        using ScriptedCard card = Insert();
        using ISmartCard next = Readers.Connect(FirstReader);
        Assert.Equal(2, next.Transmit(Command, new byte[258]));
    }

    [Fact]
    public void Card_that_is_taken_out_during_a_command_fails_it()
    {
        using ScriptedCard card = Insert(_ => null);
        using ISmartCard connection = Readers.Connect(FirstReader);
        Assert.Contains(StatusOf(() => connection.Transmit(Command, new byte[258])), Gone);
    }

    [Fact]
    public async Task Service_that_dies_during_a_command_fails_it_and_is_found_again()
    {
        using ManualResetEventSlim received = new();
        using ManualResetEventSlim killed = new();
        using (Insert(_ =>
        {
            received.Set();
            killed.Wait();
            return null;
        }))
        {
            using ISmartCard connection = Readers.Connect(FirstReader);
            Task<SmartCardStatus> transmitting =
                Start(() => StatusOf(() => connection.Transmit(Command, new byte[258])));
            Assert.True(received.Wait(Deadline.Span, Ct));
            Daemon.Kill();
            killed.Set();
            SmartCardStatus status = await transmitting.WaitAsync(Deadline.Span, Ct);
            Assert.True(status is SmartCardStatus.CommunicationError or SmartCardStatus.NoService, $"{status}");
            connection.EndTransaction();
            Assert.NotEqual(SmartCardStatus.Success, StatusOf(connection.BeginTransaction));
        }

        Daemon.Start();
        using ScriptedCard card = Insert();
        using ISmartCard next = Readers.Connect(FirstReader);
        Assert.Equal(2, next.Transmit(Command, new byte[258]));
    }
}
