using System.Diagnostics;
using SecureAgent.Backends.Piv;
using SecureAgent.Tests.EndToEnd;
using SecureAgent.Tests.HwSim;

namespace SecureAgent.Tests.Backends.Piv;

/// <summary>Readers, cards and the service that come and go, on a real pcscd.</summary>
[Collection(PcscOfThisProcess.Collection)]
public sealed class PcscReadersTests : PcscTest
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public void Readers_are_listed_in_the_order_of_the_service()
    {
        IReadOnlyList<SmartCardReader> readers = Readers.List();
        Assert.Equal(Daemon.Readers.Select(reader => reader.Name), readers.Select(reader => reader.Name));
        Assert.All(readers, reader => Assert.False(reader.HasCard || reader.IsExclusive));
    }

    [Fact]
    public async Task Wait_ends_when_a_card_is_put_in_and_when_it_is_taken_out()
    {
        IReadOnlyList<SmartCardReader> empty = Readers.List();
        Task<IReadOnlyList<SmartCardReader>> waiting = Start(() => Readers.WaitForChange(empty, Ct));
        IReadOnlyList<SmartCardReader> full;
        using (ScriptedCard card = new(Daemon.Readers[1].Port))
        {
            full = await waiting.WaitAsync(Deadline.Span, Ct);
            Assert.Equal([false, true], full.Select(reader => reader.HasCard));
            Assert.Equal(empty[0], full[0]);
            waiting = Start(() => Readers.WaitForChange(full, Ct));
        }

        IReadOnlyList<SmartCardReader> again = await waiting.WaitAsync(Deadline.Span, Ct);
        Assert.False(again[1].HasCard);
        Assert.NotEqual(full[1].EventCount, again[1].EventCount);
        Assert.NotEqual(empty[1].EventCount, again[1].EventCount);
    }

    [Fact]
    public void Wait_returns_at_once_what_the_caller_does_not_know() =>
        Assert.Equal(Readers.List(), Readers.WaitForChange([], Ct));

    [Fact]
    public async Task List_does_not_wait_for_a_wait()
    {
        using CancellationTokenSource stop = new();
        IReadOnlyList<SmartCardReader> known = Readers.List();
        Task<IReadOnlyList<SmartCardReader>> waiting = Start(() => Readers.WaitForChange(known, stop.Token));
        for (int i = 0; i < 20; i++)
        {
            Assert.Equal(known, await Start(Readers.List).WaitAsync(Deadline.Span, Ct));
        }

        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting.WaitAsync(Deadline.Span, Ct));
    }

    [Fact]
    public async Task Wait_ends_when_it_is_cancelled_at_whatever_moment()
    {
        IReadOnlyList<SmartCardReader> known = Readers.List();
        int late = 0;
        for (int i = 0; i < 1000; i++)
        {
            using CancellationTokenSource stop = new();
            Task<IReadOnlyList<SmartCardReader>> waiting = Start(() => Readers.WaitForChange(known, stop.Token));
            Thread.SpinWait(Random.Shared.Next(30_000)); // from before the call to well into it
            long cancelled = Stopwatch.GetTimestamp();
            await stop.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting.WaitAsync(Deadline.Span, Ct));
            late += Stopwatch.GetElapsedTime(cancelled) < TimeSpan.FromMilliseconds(900) ? 0 : 1;
        }

        // After a second a wait that has just begun looks up by itself. A busy machine may delay a few.
        Assert.InRange(late, 0, 5);
    }

    [Fact]
    public async Task Wait_fails_when_the_service_dies_and_all_is_well_when_it_is_back()
    {
        IReadOnlyList<SmartCardReader> known = Readers.List();
        Task<IReadOnlyList<SmartCardReader>> waiting = Start(() =>
        {
            Thread.CurrentThread.Name = "waits for pcscd";
            return Readers.WaitForChange(known, Ct);
        });
        await Deadline.UntilAsync(
            () => Directory.GetDirectories("/proc/self/task").Any(WaitsForPcscd), () => "no thread waits for pcscd");
        Daemon.Kill();
        await Assert.ThrowsAsync<SmartCardException>(() => waiting.WaitAsync(Deadline.Span, Ct));
        Assert.Equal(SmartCardStatus.NoService, StatusOf(() => Readers.List()));
        Assert.Equal(SmartCardStatus.NoService, StatusOf(() => Readers.WaitForChange(known, Ct)));
        Assert.Equal(SmartCardStatus.NoService, StatusOf(() => Readers.Connect(FirstReader)));

        Task<int> back = Start(() =>
        {
            Readers.WaitForService(Ct);
            return 0;
        });
        Daemon.Start();
        await back.WaitAsync(Deadline.Span, Ct);
        using ScriptedCard card = Insert();
        using ISmartCard connection = Readers.Connect(FirstReader);
        Assert.Equal(ScriptedCard.Atr, connection.Atr.ToArray());
    }

    [Fact]
    public void Service_that_was_started_again_has_other_cards_even_if_it_counts_the_same()
    {
        IReadOnlyList<SmartCardReader> before;
        using (Insert())
        {
            before = Readers.List();
        }

        Daemon.Restart();
        using (new ScriptedCard(Daemon.Readers[0].Port))
        {
            IReadOnlyList<SmartCardReader> after = Until(readers => readers[0].HasCard);
            Assert.Equal(before[0].EventCount & 0xFFFF, after[0].EventCount & 0xFFFF);
            Assert.NotEqual(before[0].EventCount, after[0].EventCount);
        }
    }

    [Fact]
    public async Task Wait_for_the_service_ends_when_it_is_there_or_when_cancelled()
    {
        Readers.WaitForService(Ct);

        Daemon.Stop();
        using CancellationTokenSource stop = new();
        Task<int> waiting = Start(() =>
        {
            Readers.WaitForService(stop.Token);
            return 0;
        });
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting.WaitAsync(Deadline.Span, Ct));
    }

    [Fact]
    public async Task Foreign_exclusive_holder_is_seen_and_keeps_others_out_until_it_leaves()
    {
        using ScriptedCard card = Insert();
        PcscLite foreign = new();
        using PcscContext context = new(foreign);
        Assert.Equal(SmartCardStatus.Success, foreign.Connect(
            context.Value, FirstReader, Pcsc.SCARD_SHARE_EXCLUSIVE, Pcsc.SCARD_PROTOCOL_T1, out nint held, out _));

        Assert.Equal(SmartCardStatus.SharingViolation, StatusOf(() => Readers.Connect(FirstReader)));
        await Deadline.UntilAsync(() => Readers.List()[0].IsExclusive, () => "no holder is seen");

        Assert.Equal(SmartCardStatus.Success, foreign.Disconnect(held, Pcsc.SCARD_LEAVE_CARD));
        Until(readers => !readers[0].IsExclusive);
        Readers.Connect(FirstReader).Dispose();
    }

    private static bool WaitsForPcscd(string thread)
    {
        try
        {
            return File.ReadAllText(Path.Combine(thread, "comm")) == "waits for pcscd\n"
                && File.ReadAllText(Path.Combine(thread, "syscall")).StartsWith("7 ", StringComparison.Ordinal); // poll
        }
        catch (IOException)
        {
            return false; // it has ended
        }
    }
}
