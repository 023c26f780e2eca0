using SecureAgent.Backends.Pins;
using SecureAgent.Core;
using SecureAgent.Wire;

namespace SecureAgent.Backends.Piv;

/// <summary>The keys of all PIV cards in all readers as identities of the agent. A card is read once when it is put in;
/// listing talks to none.</summary>
public sealed class PivKeyBackend : IKeyBackend, IAsyncDisposable
{
    private static readonly TimeSpan StopPatience = TimeSpan.FromSeconds(5);

    private static readonly TimeSpan FailurePause = TimeSpan.FromSeconds(5);

    // How long a program is given that holds a card for a moment only, and how often.
    private static readonly TimeSpan HeldPause = TimeSpan.FromSeconds(1);
    private const int HeldRounds = 3;

    private readonly object _gate = new();
    private readonly ISmartCardReaders _readers;
    private readonly PivPinFlow _flow;
    private readonly IAgentLog _log;
    private readonly TimeProvider _time;
    private readonly HashSet<string> _told = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Place> _places = new(StringComparer.Ordinal);
    private readonly List<Task> _closing = [];
    private readonly CancellationTokenSource _stopping = new();
    private readonly TaskCompletionSource _ready = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Thread _watcher;
    private IReadOnlyList<Identity> _identities = [];

    /// <summary>Begins to watch the readers; needs neither a reader nor the service yet.</summary>
    /// <param name="readers">The readers; disposed with the backend.</param>
    /// <param name="prompter">Asked for PINs, and shows that a card waits for a touch.</param>
    /// <param name="pinCache">How long a PIN is kept; never longer than its card stays in its reader.</param>
    /// <param name="log">Told about cards that cannot be read and keys that are weak, once each.</param>
    /// <param name="time">The clock.</param>
    public PivKeyBackend(
        ISmartCardReaders readers, IPrompter prompter, PinCachePolicy pinCache, IAgentLog log, TimeProvider time)
    {
        _readers = readers;
        _log = log;
        _time = time;
        _flow = new PivPinFlow(prompter, pinCache, time);
        _watcher = new Thread(Watch) { IsBackground = true, Name = "PIV readers" };
        _watcher.Start();
    }

    /// <inheritdoc/>
    public event EventHandler? Changed;

    /// <inheritdoc/>
    public string Name => "piv";

    /// <summary>Completes when the cards that were there at the start have been read, or cannot be.</summary>
    public Task Ready => _ready.Task;

    /// <inheritdoc/>
    public IReadOnlyList<Identity> Snapshot() => Volatile.Read(ref _identities);

    /// <inheritdoc/>
    public void DropSecrets()
    {
        _flow.DropAll();
        lock (_gate)
        {
            foreach (Place place in _places.Values)
            {
                _ = place.Access.LogOutAsync();
            }
        }
    }

    /// <summary>Stops watching, zeroes every PIN and lets go of all cards.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_stopping.IsCancellationRequested)
        {
            return;
        }

        await _stopping.CancelAsync().ConfigureAwait(false);
        await Task.Run(() => _watcher.Join(StopPatience)).ConfigureAwait(false);
        Place[] places;
        Task[] closing;
        lock (_gate)
        {
            closing = [.. _closing];
            places = [.. _places.Values];
            _places.Clear();
        }

        _flow.Dispose();
        await Task.WhenAll([.. closing, .. places.Select(place => place.DisposeAsync().AsTask())])
            .ConfigureAwait(false);

        _readers.Dispose();
        _stopping.Dispose();
    }

    /// <summary>Reads all cards again, because somebody says that their keys changed: PC/SC does not tell.</summary>
    public void Reread()
    {
        lock (_gate)
        {
            foreach (Place place in _places.Values)
            {
                _ = ReadAsync(place);
            }
        }
    }

    private void Watch()
    {
        IReadOnlyList<SmartCardReader>? known = null;
        bool isFirst = true;
        int failures = 0;
        try
        {
            while (true)
            {
                try
                {
                    known = known is null ? _readers.List() : _readers.WaitForChange(known, _stopping.Token);
                    Refresh(known, isFirst);
                    failures = 0;
                }
                catch (SmartCardException exception)
                {
                    TellNoService(exception);
                    known = null;
                    Refresh([], isFirst);
                    _readers.WaitForService(_stopping.Token);
                    // A service that is there and fails must not be asked without pause.
                    if (++failures > 1 && _stopping.Token.WaitHandle.WaitOne(FailurePause))
                    {
                        return;
                    }
                }

                isFirst = false;
            }
        }
        catch (Exception exception) when (exception is OperationCanceledException or ObjectDisposedException)
        {
            // The agent ends.
        }
    }

    // On the watcher's thread. A card that does not answer delays nobody but itself.
    private void Refresh(IReadOnlyList<SmartCardReader> readers, bool isFirst)
    {
        List<Place> gone = [];
        List<Task> reading = [];
        lock (_gate)
        {
            Dictionary<string, SmartCardReader> present =
                readers.Where(reader => reader.HasCard).ToDictionary(reader => reader.Name, StringComparer.Ordinal);
            foreach (Place place in _places.Values.ToArray())
            {
                if (!present.TryGetValue(place.Reader.Name, out SmartCardReader? now)
                    || now.EventCount != place.Reader.EventCount)
                {
                    _places.Remove(place.Reader.Name);
                    gone.Add(place);
                }
            }

            foreach (SmartCardReader reader in present.Values)
            {
                if (!_places.TryGetValue(reader.Name, out Place? place))
                {
                    place = new Place(_readers, reader, _time);
                    _places.Add(reader.Name, place);
                }
                else
                {
                    // Who had it exclusively may have changed its keys.
                    bool wasReleased = place.Reader.IsExclusive && !reader.IsExclusive;
                    place.Reader = reader;
                    if (!wasReleased)
                    {
                        continue;
                    }
                }

                reading.Add(ReadAsync(place));
            }
        }

        foreach (Place place in gone)
        {
            if (place.Card is PivCard card)
            {
                _flow.Drop(card.Token);
            }

            Task closing = place.DisposeAsync().AsTask();
            lock (_gate)
            {
                _closing.RemoveAll(closed => closed.IsCompleted);
                _closing.Add(closing);
            }
        }

        if (gone.Count > 0)
        {
            Publish();
        }

        if (isFirst)
        {
            _ = Task.WhenAll(reading).ContinueWith(_ => _ready.TrySetResult(), TaskScheduler.Default);
        }
    }

    private async Task ReadAsync(Place place)
    {
        for (int round = 1; ; round++)
        {
            try
            {
                PivToken token = await place.Access.ReadTokenAsync(_stopping.Token).ConfigureAwait(false);
                lock (_gate)
                {
                    place.Card = new PivCard(token, place.Access);
                }

                foreach (string message in Complaints(token))
                {
                    Tell(AgentEventLevel.Warning, message);
                }

                Publish();
                return;
            }
            catch (BackendException exception)
            {
                Tell(
                    exception is PivException ? AgentEventLevel.Debug : AgentEventLevel.Warning,
                    $"The card in {place.Reader.Name} is not listed: {exception.Message}");
                if (exception.Failure != BackendFailure.Busy || round == HeldRounds || place.Reader.IsExclusive)
                {
                    return; // A holder that PC/SC shows is waited for by the watcher.
                }
            }
            catch (Exception exception) when (exception is OperationCanceledException or ObjectDisposedException)
            {
                return; // The agent ends, or the card went while it was read.
            }

            await Task.Delay(HeldPause, _time).ConfigureAwait(false);
        }
    }

    private void Publish()
    {
        lock (_gate)
        {
            Identity[] identities =
            [
                .. _places.Values.Select(place => place.Card).OfType<PivCard>()
                    .OrderBy(card => card.Token.Id, StringComparer.Ordinal)
                    .SelectMany(card => card.Token.Keys.Where(CanSign).Select(key => new Identity(
                        key.PublicKey!.Blob, key.PublicKey, key.Comment, Name, new PivSigner(_flow, card, key)))),
            ];
            if (identities.Length == 0 && _identities.Count == 0)
            {
                return;
            }

            Volatile.Write(ref _identities, identities);
        }

        Changed?.Invoke(this, EventArgs.Empty);
    }

    private static bool CanSign(PivKey key) =>
        key.PublicKey is PublicKey publicKey && PivPublicKey.AlgorithmOf(publicKey) != PivAlgorithm.None;

    private static IEnumerable<string> Complaints(PivToken token) =>
    [
        .. token.Keys.Select(key => key.Problem).OfType<string>().Select(problem => $"{token.Name}: {problem}"),
        .. PivWeakness.Of(token).Select(
            weakness => $"{weakness.Subject}: {weakness.Text}{(weakness.Link is null ? "" : $" See {weakness.Link}")}"),
    ];

    private void TellNoService(SmartCardException exception)
    {
        if (exception.Status == SmartCardStatus.SecurityViolation)
        {
            Tell(AgentEventLevel.Warning,
                "The smart card service does not serve this user (on Linux polkit decides that), so keys on cards are "
                + "not listed.");
        }
        else
        {
            Tell(AgentEventLevel.Debug,
                $"There is no smart card service now, so keys on cards are not listed: {exception.Message}.");
        }
    }

    private void Tell(AgentEventLevel level, string message)
    {
        lock (_told)
        {
            if (!_told.Add(message))
            {
                return;
            }
        }

        _log.Write(new AgentEvent(level, "keys", message));
    }

    /// <summary>A reader with a card in it.</summary>
    private sealed class Place(ISmartCardReaders readers, SmartCardReader reader, TimeProvider time) : IAsyncDisposable
    {
        /// <summary>The reader as the watcher saw it last.</summary>
        public SmartCardReader Reader { get; set; } = reader;

        public PivAccess Access { get; } = new(readers, reader.Name, time);

        /// <summary>What was read from it, once it was.</summary>
        public PivCard? Card { get; set; }

        public ValueTask DisposeAsync() => Access.DisposeAsync();
    }
}
