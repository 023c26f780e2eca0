namespace SecureAgent.Channels;

/// <summary>Calls back, once, when a frame has been incomplete for too long. Clients commonly send a frame in two
/// writes, so that arming must cost next to nothing: the timer is left running when the frame completes, looks again
/// when it fires, and is not armed at all on a connection that is idle.</summary>
internal sealed class FrameDeadline : IDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(10);

    private readonly object _gate = new();
    private readonly TimeProvider _time;
    private readonly Action _expired;
    private ITimer? _timer;
    private bool _armed;
    private bool _incomplete;
    private long _since;

    public FrameDeadline(TimeProvider time, Action expired) => (_time, _expired) = (time, expired);

    /// <summary>A frame is incomplete and its client keeps us waiting; the first call for a frame counts.</summary>
    public void Start()
    {
        lock (_gate)
        {
            if (_incomplete)
            {
                return;
            }

            (_incomplete, _since) = (true, _time.GetTimestamp());
            if (!_armed)
            {
                _armed = true;
                _timer ??= _time.CreateTimer(_ => Look(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
                _timer.Change(Limit, Timeout.InfiniteTimeSpan);
            }
        }
    }

    /// <summary>The frame is complete.</summary>
    public void Stop()
    {
        lock (_gate)
        {
            _incomplete = false;
        }
    }

    public void Dispose()
    {
        lock (_gate)
        {
            _incomplete = false;
            _timer?.Dispose();
        }
    }

    private void Look()
    {
        lock (_gate)
        {
            if (!_incomplete)
            {
                _armed = false;
                return;
            }

            TimeSpan left = Limit - _time.GetElapsedTime(_since);
            if (left > TimeSpan.Zero)
            {
                _timer!.Change(left, Timeout.InfiniteTimeSpan); // Only the timer itself calls this.
                return;
            }

            // Inside the lock, so that it never comes after Dispose.
            _expired();
        }
    }
}
