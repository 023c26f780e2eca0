namespace SecureAgent.Backends.Piv;

/// <summary>The readers that PC/SC knows: pcsc-lite on Linux, the Smart Card service on Windows.</summary>
/// <remarks>A service that is started again counts its events from zero, so that another card could have the number of
/// the one before. <see cref="SmartCardReader.EventCount"/> therefore has the number of the service's start, as seen
/// from here, in its upper half.</remarks>
public sealed class PcscReaders : ISmartCardReaders
{
    // pcsc-lite does not end a wait for a card that somebody begins to hold exclusively, nor (before 2.3) for a reader
    // that came just before the wait. Both happen soon after a change, so a second look follows each.
    private const uint SettlingMilliseconds = 1000;
    private static readonly TimeSpan RetryInterval = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan CancelInterval = TimeSpan.FromMilliseconds(1);
    private const int Retries = 10;

    private readonly IPcscLibrary _library;
    private readonly Lock _lock = new();

    // Kept over calls, because its end tells that the service was started again.
    private PcscContext? _context;
    private int _start;
    private bool _waiting;

    /// <summary>Reaches the service of this machine at the first call, not before.</summary>
    public PcscReaders() : this(OperatingSystem.IsWindows() ? new WinSCard() : new PcscLite())
    {
    }

    internal PcscReaders(IPcscLibrary library) => _library = library;

    /// <inheritdoc/>
    public IReadOnlyList<SmartCardReader> List()
    {
        lock (_lock)
        {
            if (!_waiting)
            {
                return Readers(Look());
            }

            // The context blocks while it waits. If the service was started again, the wait is about to end with that.
            try
            {
                using PcscContext context = new(_library);
                return Readers(States(context));
            }
            catch (SmartCardException e) when (MeansNoReader(e.Status))
            {
                return [];
            }
        }
    }

    /// <inheritdoc/>
    public IReadOnlyList<SmartCardReader> WaitForChange(IReadOnlyList<SmartCardReader> known, CancellationToken ct)
    {
        bool isSettled = false;
        while (true)
        {
            ct.ThrowIfCancellationRequested();
            PcscReaderState[] states;
            PcscContext? context;
            lock (_lock)
            {
                states = Look();
                IReadOnlyList<SmartCardReader> now = Readers(states);
                if (!now.SequenceEqual(known))
                {
                    return now;
                }

                context = _context;
                _waiting = context is not null;
            }

            if (context is null)
            {
                WaitForService(ct);
                continue;
            }

            try
            {
                uint timeout = isSettled ? Pcsc.INFINITE : SettlingMilliseconds;
                isSettled = Wait(context, states, timeout, ct) == SmartCardStatus.Timeout;
            }
            finally
            {
                lock (_lock)
                {
                    _waiting = false;
                }
            }
        }
    }

    /// <inheritdoc/>
    public void WaitForService(CancellationToken ct)
    {
        while (true)
        {
            using IPcscServiceWatch watch = _library.WatchService();
            if (IsServing())
            {
                return;
            }

            watch.Wait(ct);
            for (int i = 0; i < Retries; i++)
            {
                // The sign comes a little before the service answers.
                if (IsServing())
                {
                    return;
                }

                ct.WaitHandle.WaitOne(RetryInterval);
                ct.ThrowIfCancellationRequested();
            }
        }
    }

    /// <inheritdoc/>
    public ISmartCard Connect(string reader) => new PcscCard(_library, reader);

    /// <summary>Ends the conversation with the service; cards stay connected. Nobody may wait any more.</summary>
    public void Dispose() => Forget();

    /// <summary>The states of all readers, and last that of their list; nothing where no service means no
    /// reader.</summary>
    private PcscReaderState[] Look()
    {
        bool isNew = _context is null;
        try
        {
            return LookOnce();
        }
        catch (SmartCardException) when (!isNew)
        {
            // The service that the context belonged to has gone, and may have been started again.
        }
        catch (SmartCardException e) when (MeansNoReader(e.Status))
        {
            return [];
        }

        try
        {
            return LookOnce();
        }
        catch (SmartCardException e) when (MeansNoReader(e.Status))
        {
            return [];
        }
    }

    private PcscReaderState[] LookOnce()
    {
        if (_context is null)
        {
            _context = new PcscContext(_library);
            _start++;
        }

        try
        {
            return States(_context);
        }
        catch
        {
            Forget();
            throw;
        }
    }

    private PcscReaderState[] States(PcscContext context)
    {
        while (true)
        {
            // Before the list, so that a reader which comes after the list differs from it.
            PcscReaderState[] list = [new(Pcsc.PnpNotification)];
            _ = Get(context, list);
            SmartCardStatus status = _library.ListReaders(context.Value, out string[] names);
            if (status != SmartCardStatus.NoReadersAvailable)
            {
                SmartCardException.ThrowUnlessSuccess("SCardListReaders", status);
            }

            PcscReaderState[] states = [.. names.Select(name => new PcscReaderState(name))];
            if (states is [] || Get(context, states) != SmartCardStatus.UnknownReader)
            {
                return [.. states, .. list];
            }

            // One was unplugged meanwhile.
        }
    }

    /// <summary>Gets states without waiting.</summary>
    private SmartCardStatus Get(PcscContext context, PcscReaderState[] states)
    {
        SmartCardStatus status = _library.GetStatusChange(context.Value, 0, states);
        if (status is not (SmartCardStatus.Timeout or SmartCardStatus.UnknownReader))
        {
            SmartCardException.ThrowUnlessSuccess("SCardGetStatusChange", status);
        }

        return status;
    }

    /// <summary>Waits until a state is another one than that in <paramref name="states"/>.</summary>
    private SmartCardStatus Wait(
        PcscContext context, PcscReaderState[] states, uint timeout, CancellationToken ct)
    {
        for (int i = 0; i < states.Length; i++)
        {
            states[i].CurrentState = states[i].EventState;
        }

        // SCardCancel is lost unless the wait has begun, so it is called until the wait has ended. The registration is
        // disposed only when the callback has ended, so the context is not released under it. If the token is cancelled
        // already, the callback runs here, before the wait.
        int waiter = Environment.CurrentManagedThreadId;
        SmartCardStatus status;
        using ManualResetEventSlim ended = new();
        using (ct.UnsafeRegister(_ => CancelUntil(ended, context, waiter), null))
        {
            try
            {
                ct.ThrowIfCancellationRequested();
                status = _library.GetStatusChange(context.Value, timeout, states);
            }
            finally
            {
                ended.Set();
            }
        }

        if (status is SmartCardStatus.Success or SmartCardStatus.Timeout or SmartCardStatus.UnknownReader)
        {
            return status;
        }

        if (status == SmartCardStatus.Cancelled)
        {
            ct.ThrowIfCancellationRequested();
        }

        lock (_lock)
        {
            Forget();
        }

        return MeansNoReader(status) ? status : throw new SmartCardException("SCardGetStatusChange", status);
    }

    private void CancelUntil(ManualResetEventSlim ended, PcscContext context, int waiter)
    {
        while (Environment.CurrentManagedThreadId != waiter && !ended.IsSet)
        {
            _ = _library.Cancel(context.Value);
            ended.Wait(CancelInterval);
        }
    }

    private IReadOnlyList<SmartCardReader> Readers(PcscReaderState[] states) =>
        [.. states.Where(state => state.Name != Pcsc.PnpNotification).Select(Reader)];

    private SmartCardReader Reader(PcscReaderState state) => new(
        state.Name,
        HasCard: (state.EventState & (Pcsc.SCARD_STATE_PRESENT | Pcsc.SCARD_STATE_MUTE)) == Pcsc.SCARD_STATE_PRESENT,
        IsExclusive: (state.EventState & Pcsc.SCARD_STATE_EXCLUSIVE) != 0,
        EventCount: (_start << 16) | (int)(state.EventState >> 16));

    private bool IsServing()
    {
        try
        {
            using PcscContext context = new(_library);
            return true;
        }
        catch (SmartCardException)
        {
            return false;
        }
    }

    private bool MeansNoReader(SmartCardStatus status) => _library.ServiceEndsWithLastReader
        && status is SmartCardStatus.NoService or SmartCardStatus.ServiceStopped;

    private void Forget()
    {
        _context?.Dispose();
        _context = null;
    }
}
