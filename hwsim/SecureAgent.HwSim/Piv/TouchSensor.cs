namespace SecureAgent.HwSim.Piv;

/// <summary>The metal contact: waits for a person, or what plays one.</summary>
internal sealed class TouchSensor(PivTouch policy, TimeSpan timeout, TimeProvider time)
{
    private static readonly TimeSpan CacheTime = TimeSpan.FromSeconds(15);

    private readonly Lock _lock = new();
    private TaskCompletionSource<bool>? _waiting;
    private long? _touchedAt;

    /// <summary>The card waits for a touch from now on.</summary>
    public event EventHandler? Wanted;

    /// <summary>Whether the card waits for a touch.</summary>
    public bool IsWaiting
    {
        get
        {
            lock (_lock)
            {
                return _waiting is not null;
            }
        }
    }

    /// <summary>Waits for a touch if a key's policy wants one.</summary>
    /// <exception cref="CardError">6982: nobody touched the card in time, or its power went.</exception>
    public void Require(TouchPolicy keyPolicy)
    {
        if (keyPolicy is TouchPolicy.Default or TouchPolicy.Never)
        {
            return;
        }

        bool isFresh = _touchedAt is long then && time.GetElapsedTime(then) < CacheTime;
        if (keyPolicy == TouchPolicy.Cached && isFresh)
        {
            return;
        }

        CardError.Unless(policy == PivTouch.Always || Wait(), StatusWord.SecurityStatusNotSatisfied);
        _touchedAt = time.GetTimestamp();
    }

    /// <summary>A person touches the card.</summary>
    /// <returns>Whether it waited for that.</returns>
    public bool Touch() => policy == PivTouch.AfterControl && End(touched: true);

    /// <summary>The power goes: what waits fails, and no touch is remembered.</summary>
    public void PowerOff()
    {
        _touchedAt = null;
        End(touched: false);
    }

    private bool Wait()
    {
        TaskCompletionSource<bool> waiting = new(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_lock)
        {
            _waiting = waiting;
        }

        Wanted?.Invoke(this, EventArgs.Empty);
        if (!waiting.Task.Wait(timeout))
        {
            End(touched: false);
        }

        return waiting.Task.GetAwaiter().GetResult();
    }

    private bool End(bool touched)
    {
        lock (_lock)
        {
            bool ended = _waiting?.TrySetResult(touched) ?? false;
            _waiting = null;
            return ended;
        }
    }
}
