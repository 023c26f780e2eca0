using SecureAgent.Wire;

namespace SecureAgent.Core;

/// <summary>Asks the person before a key is used. Requests side by side for one subject make one prompt; a dismissed
/// prompt is not shown again at once; an allowed one may hold for a time. No lock is held while the person
/// thinks.</summary>
internal sealed class Consent
{
    private readonly object _gate = new();
    private readonly IPrompter _prompter;
    private readonly TimeProvider _time;
    private readonly TimeSpan _grant;
    private readonly TimeSpan _coolDown;
    private readonly Dictionary<ConsentSubject, Question> _open = [];

    // When each ends, on the clock's time stamps.
    private readonly Dictionary<ConsentSubject, long> _granted = [];
    private readonly Dictionary<(KeyBlob Key, string Program), long> _dismissed = [];

    /// <summary>Creates the person's secretary.</summary>
    /// <param name="prompter">Asks.</param>
    /// <param name="time">The clock of grants and cool-downs.</param>
    /// <param name="grant">How long an allowance holds; zero for one use.</param>
    /// <param name="coolDown">How long a dismissal holds.</param>
    public Consent(IPrompter prompter, TimeProvider time, TimeSpan grant, TimeSpan coolDown) =>
        (_prompter, _time, _grant, _coolDown) = (prompter, time, grant, coolDown);

    /// <summary>Asks, unless an earlier answer holds.</summary>
    /// <returns>Why the key may not be used, or <see langword="null"/> if it may.</returns>
    /// <exception cref="BackendException">Nobody can be asked.</exception>
    /// <exception cref="OperationCanceledException">The client has gone; the prompt is taken away if nobody else waits
    /// for its answer.</exception>
    public async ValueTask<Refused?> AskAsync(ConsentSubject subject, SignContext who, CancellationToken ct)
    {
        (KeyBlob Key, string Program) program = (subject.Key, ProgramOf(who.Peer));
        Question question;
        lock (_gate)
        {
            if (Holds(_granted, subject))
            {
                return null;
            }

            if (Holds(_dismissed, program))
            {
                return new Refused(Refusal.CoolingDown,
                    $"{who.Purpose} was declined a moment ago, and is not asked again for {Seconds(_coolDown)} s");
            }

            if (!_open.TryGetValue(subject, out question!))
            {
#pragma warning disable CA2000 // The last who waits for it disposes it.
                question = new Question();
#pragma warning restore CA2000
                Question asked = question;
                CancellationToken abandoned = question.Abandoned.Token;
                _open.Add(subject, question);
                question.Answer = Task.Run(
                    () => AskPersonAsync(subject, program, who, asked, abandoned), CancellationToken.None);
            }

            question.Waiting++;
        }

        try
        {
            return await question.Answer.WaitAsync(ct).ConfigureAwait(false)
                ? null
                : new Refused(Refusal.NotConfirmed, $"{who.Purpose} was declined");
        }
        finally
        {
            Leave(subject, question);
        }
    }

    /// <summary>Forgets every allowance; the agent calls it when it is locked and when all keys are removed.</summary>
    public void Forget()
    {
        lock (_gate)
        {
            _granted.Clear();
        }
    }

    private static string ProgramOf(PeerInfo peer) =>
        peer.Processes is [{ } nearest, ..] ? nearest.ImagePath : peer.Channel;

    private static long Seconds(TimeSpan time) => (long)Math.Ceiling(time.TotalSeconds);

    private async Task<bool> AskPersonAsync(
        ConsentSubject subject,
        (KeyBlob Key, string Program) program,
        SignContext who,
        Question question,
        CancellationToken abandoned)
    {
        bool? allowed = null;
        try
        {
            allowed = await _prompter.ConfirmAsync(new ConfirmPrompt(who), abandoned).ConfigureAwait(false);
            return allowed.Value;
        }
        finally
        {
            lock (_gate)
            {
                Close(subject, question);
                if (allowed == true && _grant > TimeSpan.Zero && subject.Tree.IsKnown)
                {
                    Keep(_granted, subject, _grant);
                }
                else if (allowed == false && !abandoned.IsCancellationRequested)
                {
                    Keep(_dismissed, program, _coolDown);
                }
            }
        }
    }

    private void Leave(ConsentSubject subject, Question question)
    {
        lock (_gate)
        {
            if (--question.Waiting > 0)
            {
                return;
            }

            Close(subject, question);
        }

        // Outside the lock, because it runs what the prompter registered. Once there is an answer it does nothing.
        question.Abandoned.Cancel();
        question.Dispose();
    }

    /// <summary>Later requests make a prompt of their own.</summary>
    private void Close(ConsentSubject subject, Question question)
    {
        if (_open.TryGetValue(subject, out Question? open) && open == question)
        {
            _open.Remove(subject);
        }
    }

    private bool Holds<T>(Dictionary<T, long> until, T subject) where T : notnull
    {
        if (!until.TryGetValue(subject, out long end))
        {
            return false;
        }

        if (_time.GetTimestamp() < end)
        {
            return true;
        }

        until.Remove(subject);
        return false;
    }

    private void Keep<T>(Dictionary<T, long> until, T subject, TimeSpan time) where T : notnull
    {
        long now = _time.GetTimestamp();
        foreach (T ended in until.Where(entry => entry.Value <= now).Select(entry => entry.Key).ToArray())
        {
            until.Remove(ended);
        }

        until[subject] = now + (long)(time.TotalSeconds * _time.TimestampFrequency);
    }

    /// <summary>A prompt that is open, and how many requests wait for its answer.</summary>
    private sealed class Question : IDisposable
    {
        public CancellationTokenSource Abandoned { get; } = new();

        public Task<bool> Answer { get; set; } = Task.FromResult(false); // Set before anybody can see it.

        public int Waiting { get; set; }

        public void Dispose() => Abandoned.Dispose();
    }
}
