using SecureAgent.Backends.Piv;
using SecureAgent.HwSim;

namespace SecureAgent.Tests.Backends.Piv;

/// <summary>Readers in this process with simulated cards, which behave to their users as PC/SC does. A test puts cards
/// in and takes them out, and is the other program.</summary>
internal sealed class SimulatedReaders : ISmartCardReaders
{
    private readonly object _gate = new();
    private readonly SortedDictionary<string, SimulatedReader> _readers = new(StringComparer.Ordinal);
    private bool _hasService = true;
    private bool _disposed;

    /// <summary>APDUs that were sent through connections, all cards together.</summary>
    public List<byte[]> Apdus { get; } = [];

    /// <summary>Called before each APDU, with its number from 1; may take the card out.</summary>
    public Action<int>? BeforeTransmit { get; set; }

    /// <summary>Called after the card has executed an APDU, with what it was; may lose the answer.</summary>
    public Action<byte[]>? AfterTransmit { get; set; }

    /// <summary>How often a card was connected to.</summary>
    public int Connects { get; private set; }

    /// <summary>Connections that are open.</summary>
    public int OpenConnections { get; private set; }

    /// <summary>INS of the APDUs sent.</summary>
    public IReadOnlyList<byte> Instructions
    {
        get
        {
            lock (Apdus)
            {
                return [.. Apdus.Select(apdu => apdu[1])];
            }
        }
    }

    /// <summary>How many VERIFY with a PIN were sent.</summary>
    public int PinsSent
    {
        get
        {
            lock (Apdus)
            {
                return Apdus.Count(apdu => apdu[1] == 0x20 && apdu.Length > 5);
            }
        }
    }

    public void Forget()
    {
        lock (Apdus)
        {
            Apdus.Clear();
        }
    }

    public void Insert(string reader, ISimulatedCard card) => Change(() =>
    {
        SimulatedReader place = Find(reader);
        place.Card = card;
        place.EventCount++;
        place.Resets++;
        card.Reset();
    });

    /// <summary>Takes the card out: its power goes, also while it waits for a touch.</summary>
    public void Remove(string reader)
    {
        ISimulatedCard? card = null;
        Change(() =>
        {
            SimulatedReader place = Find(reader);
            card = place.Card;
            place.Card = null;
            place.EventCount++;
        });
        card?.Reset();
    }

    /// <summary>Another program resets the card.</summary>
    public void Reset(string reader) => Change(() =>
    {
        SimulatedReader place = Find(reader);
        place.Card?.Reset();
        place.Resets++;
    });

    /// <summary>Another program sends an APDU, between our transactions, and resets nothing.</summary>
    public byte[] SendAsAnother(string reader, string apdu)
    {
        ISimulatedCard card;
        lock (_gate)
        {
            card = Find(reader).Card!;
        }

        return card.Transmit(Convert.FromHexString(apdu.Replace(" ", "", StringComparison.Ordinal)));
    }

    /// <summary>Another program takes, or gives back, the card for itself.</summary>
    public void SetExclusive(string reader, bool isExclusive) =>
        Change(() => Find(reader).IsExclusive = isExclusive);

    /// <summary>The service stops, or starts.</summary>
    public void SetService(bool runs) => Change(() =>
    {
        _hasService = runs;
        foreach (SimulatedReader reader in _readers.Values)
        {
            reader.Epoch++;
        }
    });

    /// <summary>Whether the service is there and refuses, as to a user whom it does not know.</summary>
    public bool ListFails { get; set; }

    /// <summary>How often the readers were listed.</summary>
    public int Lists { get; private set; }

    public IReadOnlyList<SmartCardReader> List()
    {
        lock (_gate)
        {
            Lists++;
            if (ListFails)
            {
                throw new SmartCardException("SCardListReaders", SmartCardStatus.SecurityViolation);
            }

            return Snapshot();
        }
    }

    public IReadOnlyList<SmartCardReader> WaitForChange(IReadOnlyList<SmartCardReader> known, CancellationToken ct)
    {
        using CancellationTokenRegistration wake = ct.UnsafeRegister(_ => Change(() => { }), null);
        lock (_gate)
        {
            while (true)
            {
                ct.ThrowIfCancellationRequested();
                IReadOnlyList<SmartCardReader> now = Snapshot();
                if (!now.SequenceEqual(known))
                {
                    return now;
                }

                Monitor.Wait(_gate);
            }
        }
    }

    public void WaitForService(CancellationToken ct)
    {
        using CancellationTokenRegistration wake = ct.UnsafeRegister(_ => Change(() => { }), null);
        lock (_gate)
        {
            while (!_hasService)
            {
                ct.ThrowIfCancellationRequested();
                Monitor.Wait(_gate);
            }
        }
    }

    public ISmartCard Connect(string reader)
    {
        lock (_gate)
        {
            RequireService("SCardConnect");
            if (!_readers.TryGetValue(reader, out SimulatedReader? place))
            {
                throw new SmartCardException("SCardConnect", SmartCardStatus.UnknownReader);
            }

            if (place.Card is null)
            {
                throw new SmartCardException("SCardConnect", SmartCardStatus.NoSmartCard);
            }

            if (place.IsExclusive)
            {
                throw new SmartCardException("SCardConnect", SmartCardStatus.SharingViolation);
            }

            Connects++;
            OpenConnections++;
            return new Connection(this, place);
        }
    }

    public void Dispose() => _disposed = true;

    public bool IsDisposed => _disposed;

    private SimulatedReader Find(string reader)
    {
        if (!_readers.TryGetValue(reader, out SimulatedReader? place))
        {
            _readers.Add(reader, place = new SimulatedReader());
        }

        return place;
    }

    private void Change(Action change)
    {
        lock (_gate)
        {
            change();
            Monitor.PulseAll(_gate);
        }
    }

    private SmartCardReader[] Snapshot()
    {
        RequireService("SCardGetStatusChange");
        return
        [
            .. _readers.Select(entry => new SmartCardReader(
                entry.Key, entry.Value.Card is not null, entry.Value.IsExclusive, entry.Value.EventCount)),
        ];
    }

    private void RequireService(string call)
    {
        if (!_hasService)
        {
            throw new SmartCardException(call, SmartCardStatus.NoService);
        }
    }

    private sealed class SimulatedReader
    {
        public ISimulatedCard? Card { get; set; }

        public int EventCount { get; set; }

        public int Resets { get; set; }

        public int Epoch { get; set; }

        public bool IsExclusive { get; set; }

        public SemaphoreSlim Transaction { get; } = new(1);
    }

    private sealed class Connection : ISmartCard
    {
        private readonly SimulatedReaders _owner;
        private readonly SimulatedReader _place;
        private readonly int _epoch;
        private readonly int _eventCount;
        private readonly int _resets;
        private bool _inTransaction;
        private bool _disposed;

        public Connection(SimulatedReaders owner, SimulatedReader place)
        {
            (_owner, _place, _epoch) = (owner, place, place.Epoch);
            (_eventCount, _resets) = (place.EventCount, place.Resets);
            Atr = place.Card!.Atr;
        }

        public ReadOnlyMemory<byte> Atr { get; }

        public void BeginTransaction()
        {
            Assert.False(_inTransaction);
            lock (_owner._gate)
            {
                RequireCard("SCardBeginTransaction");
            }

            Assert.True(_place.Transaction.Wait(TimeSpan.FromSeconds(30)));
            _inTransaction = true;
        }

        public void EndTransaction()
        {
            Assert.True(_inTransaction);
            _inTransaction = false;
            _place.Transaction.Release();
        }

        public int Transmit(ReadOnlySpan<byte> command, Span<byte> response)
        {
            Assert.True(_inTransaction, "An APDU outside of a transaction.");
            int number;
            byte[] apdu = command.ToArray();
            lock (_owner.Apdus)
            {
                _owner.Apdus.Add(apdu);
                number = _owner.Apdus.Count;
            }

            _owner.BeforeTransmit?.Invoke(number);
            ISimulatedCard card;
            lock (_owner._gate)
            {
                RequireCard("SCardTransmit");
                card = _place.Card!;
            }

            byte[] answer = card.Transmit(command);
            _owner.AfterTransmit?.Invoke(apdu);
            lock (_owner._gate)
            {
                RequireCard("SCardTransmit");
            }

            answer.CopyTo(response);
            return answer.Length;
        }

        public void Dispose()
        {
            if (_disposed)
            {
                return;
            }

            _disposed = true;
            lock (_owner._gate)
            {
                _owner.OpenConnections--;
            }

            if (_inTransaction)
            {
                EndTransaction();
            }
        }

        private void RequireCard(string call)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            _owner.RequireService(call);
            SmartCardStatus status = _epoch != _place.Epoch ? SmartCardStatus.InvalidHandle
                : _place.Card is null || _eventCount != _place.EventCount ? SmartCardStatus.RemovedCard
                : _resets != _place.Resets ? SmartCardStatus.ResetCard
                : SmartCardStatus.Success;
            if (status != SmartCardStatus.Success)
            {
                throw new SmartCardException(call, status);
            }
        }
    }
}
