using System.Diagnostics;
using SecureAgent.HwSim;
using SecureAgent.HwSim.Piv;
using SecureAgent.HwSim.Servers;

namespace SecureAgent.Tests.HwSim.Servers;

public sealed class VpcdCardTests : IAsyncDisposable
{
    private const byte GetVersion = 0xFD;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private static readonly byte[] Select = Convert.FromHexString("00A4040005A000000308");
    private static readonly byte[] Version = Convert.FromHexString("00FD0000");

    private readonly Vpcd _reader = new();
    private readonly CardFaults _faults = new(new PivCard(new PivCardOptions()));
    private readonly VpcdCard _card;

    public VpcdCardTests() => _card = new VpcdCard(_faults, _reader.Port);

    public async ValueTask DisposeAsync()
    {
        await _card.DisposeAsync();
        _reader.Dispose();
    }

    [Fact]
    public async Task Inserted_card_answers_and_each_kind_of_reset_costs_its_selection()
    {
        Assert.Equal(_faults.Atr.ToArray(), await InsertAsync());
        Assert.True(_card.IsInserted);
        foreach (byte control in (byte[])[0, 1, 2])
        {
            await _reader.ExchangeAsync(Select);
            Assert.Equal([5, 7, 2, 0x90, 0], await _reader.ExchangeAsync(Version));
            await _reader.ControlAsync(control);
            Assert.Equal([0x6D, 0], await _reader.ExchangeAsync(Version));
        }
    }

    [Fact]
    public async Task Commands_do_not_wait_for_delayed_acknowledgements()
    {
        Requires.Linux("TCP_QUICKACK");
        await InsertAsync();
        await _reader.ExchangeAsync(Select);
        const int commands = 50;
        TimeSpan delayed = commands * TimeSpan.FromMilliseconds(40);
        Stopwatch watch = Stopwatch.StartNew();
        for (int i = 0; i < commands; i++)
        {
            await _reader.ExchangeAsync(Version);
        }

        Assert.True(watch.Elapsed < delayed / 2, $"{commands} commands took {watch.Elapsed}");
    }

    [Fact]
    public async Task Card_comes_back_by_itself_when_pcscd_was_restarted_and_has_lost_its_selection()
    {
        await InsertAsync();
        await _reader.ExchangeAsync(Select);
        _reader.Disconnect();
        await _reader.AcceptAsync().WaitAsync(Patience, TestContext.Current.CancellationToken);
        Assert.Equal([0x6D, 0], await _reader.ExchangeAsync(Version));
    }

    [Fact]
    public async Task Card_that_pcscd_overlooked_goes_out_and_in_again()
    {
        Task inserting = _card.InsertAsync(TestContext.Current.CancellationToken);
        await _reader.OverlookAsync().WaitAsync(Patience, TestContext.Current.CancellationToken);
        Assert.False(inserting.IsCompleted);
        await _reader.AcceptAsync().WaitAsync(Patience, TestContext.Current.CancellationToken);
        await inserting.WaitAsync(Patience, TestContext.Current.CancellationToken);
        await _reader.ExchangeAsync(Select);
        Assert.Equal([5, 7, 2, 0x90, 0], await _reader.ExchangeAsync(Version));
    }

    [Fact]
    public async Task Removed_card_is_gone_also_in_the_middle_of_a_command_and_can_be_inserted_again()
    {
        await InsertAsync();
        TaskCompletionSource release = new();
        _faults.Next(GetVersion, new CardFault.Hold(release.Task));
        Task<byte[]> held = _reader.ExchangeToTheEndAsync(Version);
        while (_faults.Pending > 0)
        {
            await Task.Delay(1, TestContext.Current.CancellationToken); // until the card has the command
        }

        await _card.RemoveAsync().WaitAsync(Patience, TestContext.Current.CancellationToken);
        Assert.Empty(await held);
        Assert.False(_card.IsInserted);
        release.SetResult();
        await InsertAsync();
        await _reader.ExchangeAsync(Select);
        Assert.Equal([5, 7, 2, 0x90, 0], await _reader.ExchangeAsync(Version));
    }

    [Fact]
    public async Task Scripted_faults_pull_the_card_out_before_its_answer_or_in_the_middle_of_it()
    {
        await InsertAsync();
        await _reader.ExchangeAsync(Select);
        _faults.Next(GetVersion, new CardFault.HalfResponse());
        Assert.Equal([0, 5, 5, 7], await _reader.ExchangeToTheEndAsync(Version));
        await _card.Removed.WaitAsync(Patience, TestContext.Current.CancellationToken);
        Assert.False(_card.IsInserted);
        await InsertAsync();
        _faults.Next(GetVersion, new CardFault.RemoveAfter());
        Assert.Empty(await _reader.ExchangeToTheEndAsync(Version));
    }

    [Fact]
    public async Task Waiting_for_a_reader_that_is_not_there_ends_when_it_is_told_to()
    {
        _reader.Dispose();
        using CancellationTokenSource stop = new(TimeSpan.FromMilliseconds(50));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => _card.InsertAsync(stop.Token));
        Assert.False(_card.IsInserted);
    }

    private async Task<byte[]> InsertAsync()
    {
        Task inserting = _card.InsertAsync(TestContext.Current.CancellationToken);
        byte[] atr = await _reader.AcceptAsync().WaitAsync(Patience, TestContext.Current.CancellationToken);
        await inserting.WaitAsync(Patience, TestContext.Current.CancellationToken);
        return atr;
    }
}
