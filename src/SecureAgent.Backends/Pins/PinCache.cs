using SecureAgent.Core;

namespace SecureAgent.Backends.Pins;

/// <summary>The PINs of a backend's keys. Requests for one key that find no PIN share one question: the first asks, all
/// wait, all get the answer. A request that leaves ends only its own wait; the question goes away with the
/// last.</summary>
internal sealed class PinCache : IDisposable
{
    private readonly object _gate = new();
    private readonly PinCachePolicy _policy;
    private readonly TimeProvider _time;
    private readonly Dictionary<string, Kept> _kept = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Question> _questions = new(StringComparer.Ordinal);
    private readonly HashSet<string> _refused = new(StringComparer.Ordinal);

    /// <summary>Creates an empty cache.</summary>
    public PinCache(PinCachePolicy policy, TimeProvider time) => (_policy, _time) = (policy, time);

    /// <summary>Asks a person for a PIN.</summary>
    /// <param name="previousWasWrong">Whether the device refused the last answer for this key.</param>
    /// <param name="ct">Cancelled when nobody waits for the answer any more, or the agent was locked.</param>
    /// <returns>The PIN, which the cache disposes.</returns>
    public delegate Task<Secret> AskPin(bool previousWasWrong, CancellationToken ct);

    /// <summary>The PIN of <paramref name="key"/>: the kept one, else the answer to one shared question.</summary>
    /// <exception cref="BackendException">The person dismissed the question, nobody can be asked, or the agent was
    /// locked while it was open.</exception>
    public async Task<PinLease> AcquireAsync(string key, AskPin ask, CancellationToken ct)
    {
        Question question;
        lock (_gate)
        {
            if (_kept.TryGetValue(key, out Kept? kept) && kept.Pin.TryAddReference())
            {
                CountUse(key, kept.Pin);
                return new PinLease(this, key, kept.Pin);
            }

            if (!_questions.TryGetValue(key, out Question? open))
            {
                open = new Question(_refused.Contains(key));
                open.Answer = new Lazy<Task<CachedPin>>(() => Task.Run(() => AskAsync(key, open, ask)));
                _questions.Add(key, open);
            }

            question = open;
            question.Waiting++;
        }

        try
        {
            CachedPin pin = await question.Answer!.Value.WaitAsync(ct).ConfigureAwait(false);
            // The question holds a reference until its last waiter has left, so this cannot fail.
            _ = pin.TryAddReference();
            CountUse(key, pin);
            return new PinLease(this, key, pin);
        }
        catch (OperationCanceledException) when (!ct.IsCancellationRequested)
        {
            throw new BackendException(BackendFailure.PinRequired,
                "The agent was locked, or the key removed, while its PIN was asked for.");
        }
        finally
        {
            Leave(key, question);
        }
    }

    /// <summary>Remembers that the device took the PIN.</summary>
    public void Accept(string key, CachedPin pin)
    {
        lock (_gate)
        {
            pin.Accept();
            _refused.Remove(key);
        }
    }

    /// <summary>Forgets a PIN that the device refused: nobody sends it again, and the next question says so.</summary>
    public void Reject(string key, CachedPin pin)
    {
        lock (_gate)
        {
            pin.Refuse();
            _refused.Add(key);
            Forget(key, pin);
        }
    }

    /// <summary>Forgets <paramref name="pin"/>; requests that hold it may still send it.</summary>
    public void Forget(string key, CachedPin pin)
    {
        lock (_gate)
        {
            if (_kept.TryGetValue(key, out Kept? kept) && ReferenceEquals(kept.Pin, pin))
            {
                Remove(key, kept);
            }
        }
    }

    /// <summary>Forgets the PIN of <paramref name="key"/> and takes back the question for it.</summary>
    public void Drop(string key)
    {
        lock (_gate)
        {
            if (_kept.TryGetValue(key, out Kept? kept))
            {
                kept.Pin.TakeBack();
                Remove(key, kept);
            }

            if (_questions.TryGetValue(key, out Question? question))
            {
                _questions.Remove(key);
                question.TakeBack();
            }

            _refused.Remove(key);
        }
    }

    /// <summary>Forgets every PIN and takes back every question.</summary>
    public void DropAll()
    {
        lock (_gate)
        {
            foreach (string key in _kept.Keys.Concat(_questions.Keys).ToArray())
            {
                Drop(key);
            }
        }
    }

    /// <summary>Forgets everything.</summary>
    public void Dispose() => DropAll();

    private void CountUse(string key, CachedPin pin)
    {
        lock (_gate)
        {
            if (_kept.TryGetValue(key, out Kept? kept) && ReferenceEquals(kept.Pin, pin)
                && ++kept.Uses >= _policy.MaximumUses)
            {
                Remove(key, kept);
            }
        }
    }

    private async Task<CachedPin> AskAsync(string key, Question question, AskPin ask)
    {
        try
        {
            Secret secret = await ask(question.PreviousWasWrong, question.TakenBack).ConfigureAwait(false);
            CachedPin pin = new(secret);
            lock (_gate)
            {
                if (question.IsTakenBack)
                {
                    pin.Release();
                    throw new OperationCanceledException();
                }

                question.Pin = pin;
                Keep(key, pin);
                return pin;
            }
        }
        finally
        {
            lock (_gate)
            {
                RemoveQuestion(key, question);
                question.Dispose();
            }
        }
    }

    // Called with the gate held, as all below.
    private void Keep(string key, CachedPin pin)
    {
        if (_policy.Lifetime == TimeSpan.Zero)
        {
            return;
        }

        _ = pin.TryAddReference();
        ITimer? timer = _policy.Lifetime is TimeSpan lifetime
            ? _time.CreateTimer(_ => Forget(key, pin), null, lifetime, Timeout.InfiniteTimeSpan)
            : null;
        _kept.Add(key, new Kept(pin, timer));
    }

    private void Remove(string key, Kept kept)
    {
        _kept.Remove(key);
        kept.Timer?.Dispose();
        kept.Pin.Release();
    }

    private void Leave(string key, Question question)
    {
        lock (_gate)
        {
            if (--question.Waiting > 0)
            {
                return;
            }

            RemoveQuestion(key, question);
            question.TakeBack();
            question.Pin?.Release();
        }
    }

    private void RemoveQuestion(string key, Question question)
    {
        if (_questions.TryGetValue(key, out Question? open) && ReferenceEquals(open, question))
        {
            _questions.Remove(key);
        }
    }

    private sealed record Kept(CachedPin Pin, ITimer? Timer)
    {
        public int Uses { get; set; }
    }

    /// <summary>One open question; its token source is disposed when the answer is there, under the cache's
    /// gate.</summary>
    private sealed class Question(bool previousWasWrong) : IDisposable
    {
        private readonly CancellationTokenSource _takenBack = new();
        private bool _disposed;

        public bool PreviousWasWrong { get; } = previousWasWrong;

        public Lazy<Task<CachedPin>>? Answer { get; set; }

        public int Waiting { get; set; }

        public CachedPin? Pin { get; set; }

        public bool IsTakenBack { get; private set; }

        public CancellationToken TakenBack => _takenBack.Token;

        public void TakeBack()
        {
            IsTakenBack = true;
            if (!_disposed)
            {
                // Asynchronous because callbacks must not run under the gate.
                _ = _takenBack.CancelAsync();
            }
        }

        public void Dispose()
        {
            _disposed = true;
            _takenBack.Dispose();
        }
    }
}
