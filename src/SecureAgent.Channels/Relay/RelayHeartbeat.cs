namespace SecureAgent.Channels.Relay;

/// <summary>Watches the other side while there are connections, and ends a relay that has had none for a while. Without
/// connections it does nothing but that.</summary>
internal sealed class RelayHeartbeat : IDisposable
{
    /// <summary>Time between two signs of life, and how long one may take.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromSeconds(15);

    /// <summary>A relay without connections keeps the program file of its other side from being replaced.</summary>
    public static readonly TimeSpan IdleLimit = TimeSpan.FromMinutes(10);

    private readonly object _gate = new();
    private readonly TimeProvider _time;
    private readonly Action<ulong> _ping;
    private readonly Action _silent;
    private readonly Action _idle;
    private readonly ITimer _timer;
    private ulong _number;
    private long _pingedAt;
    private bool _isAwaited;
    private bool _isBusy;

    /// <summary>Creates it, without connections.</summary>
    /// <param name="time">The clock.</param>
    /// <param name="ping">Asks for a sign of life.</param>
    /// <param name="silent">None came.</param>
    /// <param name="idle">There was no connection for long.</param>
    public RelayHeartbeat(TimeProvider time, Action<ulong> ping, Action silent, Action idle)
    {
        (_time, _ping, _silent, _idle) = (time, ping, silent, idle);
        _timer = time.CreateTimer(_ => Look(), null, IdleLimit, Timeout.InfiniteTimeSpan);
    }

    /// <summary>There is a connection, or there is none.</summary>
    public void SetBusy(bool isBusy)
    {
        lock (_gate)
        {
            if (isBusy == _isBusy)
            {
                return;
            }

            _isBusy = isBusy;
            if (isBusy)
            {
                // The other side may have stood still unnoticed.
                Ping();
            }
            else
            {
                _timer.Change(IdleLimit, Timeout.InfiniteTimeSpan);
            }
        }
    }

    /// <summary>A sign of life.</summary>
    /// <returns>Whether it is the one that is awaited.</returns>
    public bool Take(ulong number)
    {
        lock (_gate)
        {
            bool isRight = _isAwaited && number == _number;
            _isAwaited = false;
            return isRight;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _timer.Dispose();

    private void Ping()
    {
        TimeSpan left = Interval;
        if (_isAwaited)
        {
            // From a time with other connections.
            left -= _time.GetElapsedTime(_pingedAt);
        }
        else
        {
            (_isAwaited, _pingedAt) = (true, _time.GetTimestamp());
            _ping(++_number);
        }

        _timer.Change(left > TimeSpan.Zero ? left : TimeSpan.Zero, Timeout.InfiniteTimeSpan);
    }

    private void Look()
    {
        Action? end;
        lock (_gate)
        {
            end = !_isBusy ? _idle : _isAwaited ? _silent : null;
            if (end is null)
            {
                Ping();
            }
        }

        end?.Invoke();
    }
}
