using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using SecureAgent.Backends.Piv;

namespace SecureAgent.Tests.Backends.Piv;

/// <summary>The calls that winscard and pcsclite get, with their arguments.</summary>
public sealed class PcscCallsTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public void Card_is_shared_in_either_protocol_and_left_as_it_is()
    {
        RecordingPcsc pcsc = new();
        using PcscReaders readers = new(pcsc);
        using (ISmartCard card = readers.Connect("Reader"))
        {
            Assert.Equal([0x3B, 0x00], card.Atr.ToArray());
            card.BeginTransaction();
            Assert.Equal(2, card.Transmit([0x00, 0xA4], new byte[258]));
            card.EndTransaction();
            Assert.Equal(2, card.Transmit([0x00, 0xA4], new byte[65_538]));
        }

        Assert.Equal(
            [
                "SCardEstablishContext()",
                "SCardConnect(1000, Reader, 2, 3)", // SCARD_SHARE_SHARED, SCARD_PROTOCOL_T0 | SCARD_PROTOCOL_T1
                "SCardStatus(2000, 33)",
                "SCardBeginTransaction(2000)",
                "SCardTransmit(2000, 2, 00A4, 258)", // by SCARD_PROTOCOL_T1, which SCardConnect returned
                "SCardEndTransaction(2000, 0)", // SCARD_LEAVE_CARD
                "SCardTransmit(2000, 2, 00A4, 65538)",
                "SCardDisconnect(2000, 0)", // SCARD_LEAVE_CARD
                "SCardReleaseContext(1000)",
            ],
            pcsc.Calls);
    }

    [Fact]
    public void Connection_that_fails_leaves_nothing_open()
    {
        RecordingPcsc pcsc = new() { Connects = SmartCardStatus.SharingViolation };
        using PcscReaders readers = new(pcsc);
        SmartCardException e = Assert.Throws<SmartCardException>(() => readers.Connect("Reader"));
        Assert.Equal("SCardConnect: SharingViolation (0x8010000B)", e.Message);
        Assert.Equal("SCardReleaseContext(1000)", pcsc.Calls[^1]);
        Assert.DoesNotContain(pcsc.Calls, call => call.StartsWith("SCardDisconnect", StringComparison.Ordinal));

        pcsc.Connects = SmartCardStatus.Success;
        pcsc.Tells = SmartCardStatus.ResetCard;
        Assert.Throws<SmartCardException>(() => readers.Connect("Reader"));
        Assert.Equal(["SCardDisconnect(2000, 0)", "SCardReleaseContext(1000)"], pcsc.Calls[^2..]);
    }

    [Theory]
    [InlineData(0x0007_0022u, true, false)]
    [InlineData(0x0007_01A2u, true, true)] // SCARD_STATE_EXCLUSIVE
    [InlineData(0x0007_0222u, false, false)] // SCARD_STATE_MUTE
    [InlineData(0x0007_0012u, false, false)] // SCARD_STATE_EMPTY
    public void State_tells_card_and_holder_and_the_count_of_events(uint state, bool hasCard, bool isExclusive)
    {
        using PcscReaders readers = new(new RecordingPcsc { ReaderState = state });
        Assert.Equal([new SmartCardReader("Reader", hasCard, isExclusive, 0x1_0007)], readers.List());
    }

    [Fact]
    public void Wait_looks_again_after_a_second_and_then_never_again_by_itself()
    {
        RecordingPcsc pcsc = new() { ListState = 0x0001_0000 };
        pcsc.Waits = timeout =>
        {
            if (timeout != Pcsc.INFINITE)
            {
                return SmartCardStatus.Timeout;
            }

            pcsc.ReaderState = 0x0008_0012;
            return SmartCardStatus.Success;
        };
        using PcscReaders readers = new(pcsc);
        readers.WaitForChange(readers.List(), Ct);
        Assert.Equal(
            [
                "SCardEstablishContext()",
                @"SCardGetStatusChange(1000, 3E8, Reader=70122, \\?PnP?\Notification=10000)",
                @"SCardGetStatusChange(1000, FFFFFFFF, Reader=70122, \\?PnP?\Notification=10000)",
            ],
            pcsc.Calls);
    }

    [Fact]
    public void Wait_is_cancelled_until_it_ends_because_what_comes_before_it_is_lost()
    {
        RecordingPcsc pcsc = new();
        using PcscReaders readers = new(pcsc);
        IReadOnlyList<SmartCardReader> known = readers.List();
        using CancellationTokenSource stop = new();
        using CountdownEvent cancels = new(3);
        pcsc.Cancels = () => _ = cancels.IsSet || cancels.Signal();
        pcsc.Waits = _ =>
        {
            stop.CancelAsync();
            Assert.True(cancels.Wait(EndToEnd.Deadline.Span, Ct));
            return SmartCardStatus.Cancelled;
        };
        Assert.ThrowsAny<OperationCanceledException>(() => readers.WaitForChange(known, stop.Token));
    }

    [Fact]
    public void Wait_that_is_cancelled_before_it_begins_does_not_begin()
    {
        RecordingPcsc pcsc = new();
        using PcscReaders readers = new(pcsc);
        IReadOnlyList<SmartCardReader> known = readers.List();
        using CancellationTokenSource stop = new();
        pcsc.Lists = stop.Cancel;
        pcsc.Waits = _ => throw new InvalidOperationException("It waits.");
        Assert.ThrowsAny<OperationCanceledException>(() => readers.WaitForChange(known, stop.Token));
    }

    [Fact]
    public void Change_that_the_caller_does_not_ask_for_does_not_end_the_wait()
    {
        RecordingPcsc pcsc = new();
        int waits = 0;
        pcsc.Waits = _ =>
        {
            pcsc.ReaderState = ++waits == 1 ? 0x0007_0022u : 0x0008_0012u; // no longer in use; taken out
            return SmartCardStatus.Success;
        };
        using PcscReaders readers = new(pcsc);
        Assert.False(readers.WaitForChange(readers.List(), Ct)[0].HasCard);
        Assert.Equal(2, waits);
    }

    [Fact]
    public void Library_that_is_not_installed_is_no_service_and_is_looked_for_again()
    {
        RecordingPcsc pcsc = new() { Establishes = () => throw new DllNotFoundException() };
        using PcscReaders readers = new(pcsc);
        Assert.Equal(SmartCardStatus.NoService, Assert.Throws<SmartCardException>(() => readers.List()).Status);
        Assert.Equal(
            SmartCardStatus.NoService, Assert.Throws<SmartCardException>(() => readers.Connect("Reader")).Status);
        Assert.Equal(
            SmartCardStatus.NoService,
            Assert.Throws<SmartCardException>(() => readers.WaitForChange([], Ct)).Status);

        pcsc.WaitsForService = () => pcsc.Establishes = () => SmartCardStatus.Success;
        readers.WaitForService(Ct);
        Assert.True(pcsc.WatchesNothing);
        Assert.Single(readers.List());
    }

    [Theory]
    [InlineData(SmartCardStatus.NoService)]
    [InlineData(SmartCardStatus.ServiceStopped)]
    public void Service_of_Windows_that_has_ended_is_no_reader_until_it_runs_again(SmartCardStatus ended)
    {
        RecordingPcsc pcsc = new() { ServiceEndsWithLastReader = true };
        using PcscReaders readers = new(pcsc);
        IReadOnlyList<SmartCardReader> known = readers.List();
        pcsc.Waits = _ =>
        {
            pcsc.Establishes = () => ended; // the last reader was unplugged
            return ended;
        };
        Assert.Empty(readers.WaitForChange(known, Ct));
        Assert.Empty(readers.List());

        pcsc.WaitsForService = () => pcsc.Establishes = () => SmartCardStatus.Success;
        Assert.Single(readers.WaitForChange([], Ct));
        Assert.Contains("wait for the service", pcsc.Calls);
    }

    [Fact]
    public void No_reader_is_an_empty_list()
    {
        using PcscReaders readers = new(new RecordingPcsc { Names = [] });
        Assert.Empty(readers.List());
    }

    [Fact]
    public void Structures_of_pcsclite_have_its_layout()
    {
        Assert.SkipUnless(nint.Size == 8, "The layout is that of 64 bits.");
        Assert.Equal(16, Unsafe.SizeOf<PcscLite.IoRequest>());
        Assert.Equal(80, Unsafe.SizeOf<PcscLite.ReaderState>());
        Assert.Equal([0, 8, 16, 24, 32, 40], Offsets<PcscLite.ReaderState>());
    }

#pragma warning disable CA1416 // A layout is the same everywhere.
    [Fact]
    public void Structures_of_winscard_have_its_layout()
    {
        Assert.SkipUnless(nint.Size == 8, "The layout is that of 64 bits.");
        Assert.Equal(8, Unsafe.SizeOf<WinSCard.IoRequest>());
        Assert.Equal(64, Unsafe.SizeOf<WinSCard.ReaderState>());
        Assert.Equal([0, 8, 16, 20, 24, 28], Offsets<WinSCard.ReaderState>());
    }
#pragma warning restore CA1416

    private static int[] Offsets<T>() =>
    [
        .. new[] { "reader", "userData", "currentState", "eventState", "atrLength", "atr" }
            .Select(field => (int)Marshal.OffsetOf<T>(field)),
    ];
}
