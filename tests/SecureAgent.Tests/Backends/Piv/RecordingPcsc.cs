using SecureAgent.Backends.Piv;

namespace SecureAgent.Tests.Backends.Piv;

/// <summary>Writes down each call to PC/SC as it would reach the operating system's library, and answers as a test
/// says.</summary>
internal sealed class RecordingPcsc : IPcscLibrary
{
    public const nint Context = 0x1000;
    public const nint Card = 0x2000;

    private int _watches;

    /// <summary>The calls, less those that look without waiting and those of other threads.</summary>
    public List<string> Calls { get; } = [];

    /// <summary>What SCardEstablishContext returns or throws.</summary>
    public Func<SmartCardStatus> Establishes { get; set; } = () => SmartCardStatus.Success;

    /// <summary>What SCardConnect returns.</summary>
    public SmartCardStatus Connects { get; set; }

    /// <summary>What SCardStatus returns.</summary>
    public SmartCardStatus Tells { get; set; }

    /// <summary>The readers; none is SCARD_E_NO_READERS_AVAILABLE.</summary>
    public string[] Names { get; set; } = ["Reader"];

    /// <summary>The state that each reader has.</summary>
    public uint ReaderState { get; set; } = 0x0007_0122; // seven events; in use, present, changed

    /// <summary>The state of the list of readers.</summary>
    public uint ListState { get; set; }

    /// <summary>What a wait does: returns, with states as they are then.</summary>
    public Func<uint, SmartCardStatus> Waits { get; set; } = _ => SmartCardStatus.Success;

    /// <summary>What SCardCancel does.</summary>
    public Action Cancels { get; set; } = () => { };

    /// <summary>What happens while readers are listed.</summary>
    public Action Lists { get; set; } = () => { };

    /// <summary>What looking out for the service does.</summary>
    public Action WaitsForService { get; set; } = () => { };

    /// <summary>Whether nothing looks out for the service any more.</summary>
    public bool WatchesNothing => _watches == 0;

    public bool ServiceEndsWithLastReader { get; init; }

    public SmartCardStatus EstablishContext(out nint context)
    {
        Calls.Add("SCardEstablishContext()");
        context = Context;
        return Establishes();
    }

    public SmartCardStatus ReleaseContext(nint context) => Called($"SCardReleaseContext({context:X})");

    public SmartCardStatus Cancel(nint context)
    {
        Assert.Equal(Context, context);
        Cancels();
        return SmartCardStatus.Success;
    }

    public SmartCardStatus ListReaders(nint context, out string[] names)
    {
        Lists();
        names = Names;
        return names is [] ? SmartCardStatus.NoReadersAvailable : SmartCardStatus.Success;
    }

    public SmartCardStatus GetStatusChange(nint context, uint timeoutMilliseconds, Span<PcscReaderState> states)
    {
        SmartCardStatus status = SmartCardStatus.Success;
        if (timeoutMilliseconds != 0)
        {
            string[] known = [.. states.ToArray().Select(state => $"{state.Name}={state.CurrentState:X}")];
            Calls.Add($"SCardGetStatusChange({context:X}, {timeoutMilliseconds:X}, {string.Join(", ", known)})");
            status = Waits(timeoutMilliseconds);
        }

        foreach (ref PcscReaderState state in states)
        {
            state.EventState = state.Name == Pcsc.PnpNotification ? ListState : ReaderState;
        }

        return status;
    }

    public SmartCardStatus Connect(
        nint context, string reader, uint shareMode, uint protocols, out nint card, out uint activeProtocol)
    {
        card = Connects == SmartCardStatus.Success ? Card : 0;
        activeProtocol = Pcsc.SCARD_PROTOCOL_T1;
        Calls.Add($"SCardConnect({context:X}, {reader}, {shareMode}, {protocols})");
        return Connects;
    }

    public SmartCardStatus Disconnect(nint card, uint disposition) =>
        Called($"SCardDisconnect({card:X}, {disposition})");

    public SmartCardStatus Status(nint card, Span<byte> atr, out int count)
    {
        Calls.Add($"SCardStatus({card:X}, {atr.Length})");
        atr[0] = 0x3B;
        count = 2;
        return Tells;
    }

    public SmartCardStatus BeginTransaction(nint card) => Called($"SCardBeginTransaction({card:X})");

    public SmartCardStatus EndTransaction(nint card, uint disposition) =>
        Called($"SCardEndTransaction({card:X}, {disposition})");

    public SmartCardStatus Transmit(
        nint card, uint protocol, ReadOnlySpan<byte> command, Span<byte> response, out int count)
    {
        count = 2;
        return Called($"SCardTransmit({card:X}, {protocol}, {Convert.ToHexString(command)}, {response.Length})");
    }

    public IPcscServiceWatch WatchService() => new Watch(this);

    private SmartCardStatus Called(string call)
    {
        Calls.Add(call);
        return SmartCardStatus.Success;
    }

    private sealed class Watch : IPcscServiceWatch
    {
        private readonly RecordingPcsc _library;

        public Watch(RecordingPcsc library)
        {
            _library = library;
            _library._watches++;
        }

        public void Wait(CancellationToken ct)
        {
            ct.ThrowIfCancellationRequested();
            _library.Calls.Add("wait for the service");
            _library.WaitsForService();
        }

        public void Dispose() => _library._watches--;
    }
}
