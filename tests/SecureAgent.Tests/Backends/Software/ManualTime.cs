namespace SecureAgent.Tests.Backends.Software;

/// <summary>Time that stands still until it is moved; its one timer fires then.</summary>
internal sealed class ManualTime : TimeProvider, IDisposable
{
    private readonly Lock _gate = new();
    private TimeSpan _now;
    private Timer? _timer;

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    /// <summary>Whether the timer will fire.</summary>
    public bool IsArmed => _timer!.Due is not null;

    public override long GetTimestamp()
    {
        lock (_gate)
        {
            return _now.Ticks;
        }
    }

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        Assert.Null(_timer);
        Assert.Equal(Timeout.InfiniteTimeSpan, period);
        _timer = new Timer(this, () => callback(state));
        _timer.Change(dueTime, period);
        return _timer;
    }

    public void Dispose() => _timer?.Dispose();

    public void Advance(TimeSpan by)
    {
        lock (_gate)
        {
            _now += by;
        }

        if (_timer!.Due is { } due && due <= _now)
        {
            _timer.Due = null;
            _timer.Fire();
        }
    }

    private sealed class Timer(ManualTime time, Action fire) : ITimer
    {
        public TimeSpan? Due { get; set; }

        public void Fire() => fire();

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            Due = dueTime == Timeout.InfiniteTimeSpan ? null : time._now + dueTime;
            return true;
        }

        public void Dispose() => Due = null;

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
