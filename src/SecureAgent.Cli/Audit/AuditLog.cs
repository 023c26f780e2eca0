using SecureAgent.Core;

namespace SecureAgent.Cli.Audit;

/// <summary>Takes records and has one thread write them, many at a time while there are many. The thread sleeps without
/// a timer while there are none. Records that the disk does not take wait for it; those that find no room to wait are
/// counted, and a record says how many are missing.</summary>
internal sealed class AuditLog : IAuditLog, IDisposable
{
    private const int QueueRecords = 64 * 1024;
    private const int FirstRecords = 256;

    // After a write, so that many records become one write. What is alone is written at once.
    private static readonly TimeSpan Gather = TimeSpan.FromMilliseconds(10);
    private static readonly TimeSpan Retry = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan LongestFlush = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan BetweenWarnings = TimeSpan.FromMinutes(1);

    private readonly AuditJournal _journal;
    private readonly bool _denies;
    private readonly IAgentLog _log;
    private readonly TimeProvider _time;
    private readonly Thread _writing;
    private readonly object _gate = new();
    private readonly int _capacity;

    // All below: under the gate.
    private AuditRecord[] _queue = new AuditRecord[FirstRecords];
    private int _queued;
    private AuditLoss? _loss;
    private string? _trouble;
    private bool _warned;
    private long? _warnedAt;
    private bool _isIdle;
    private bool _isEnding;

    /// <summary>Opens the log; if that fails, it is tried again until it works.</summary>
    /// <param name="journal">Where records go; it is disposed with this.</param>
    /// <param name="denies">Whether no key may be used while records cannot be kept.</param>
    /// <param name="log">Told when trouble begins and ends.</param>
    /// <param name="time">The clock.</param>
    /// <param name="capacity">How many records wait at most.</param>
    public AuditLog(
        AuditJournal journal, bool denies, IAgentLog log, TimeProvider time, int capacity = QueueRecords)
    {
        (_journal, _denies, _log, _time, _capacity) = (journal, denies, log, time, capacity);
        bool isOpen = Succeeds(journal.Open);
        _writing = new Thread(() => WriteAll(isOpen)) { IsBackground = true, Name = "audit" };
        _writing.Start();
    }

    /// <inheritdoc/>
    public string? Blocked
    {
        get
        {
            lock (_gate)
            {
                return _denies ? _trouble : null;
            }
        }
    }

    /// <inheritdoc/>
    public void Write(AuditRecord record)
    {
        _ = record.Peer.Processes; // Now: a moment later the peer may have ended.
        lock (_gate)
        {
            if (_isEnding || (_queued == _capacity && !WaitForRoom()))
            {
                _loss = new AuditLoss((_loss?.Count ?? 0) + 1, _loss?.From ?? record.Time, record.Time);
                return;
            }

            if (_queued == _queue.Length)
            {
                Array.Resize(ref _queue, Math.Min(_queue.Length * 2, _capacity));
            }

            _queue[_queued++] = record;
            if (_isIdle)
            {
                _isIdle = false;
                Monitor.PulseAll(_gate);
            }
        }
    }

    /// <summary>Writes what is left and brings it to the disk, unless that takes too long.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            _isEnding = true;
            Monitor.PulseAll(_gate);
        }

        if (_writing.Join(LongestFlush))
        {
            _journal.Dispose();
        }

        lock (_gate)
        {
            long lost = _queued + (_loss?.Count ?? 0);
            (_queued, _loss) = (0, null);
            if (lost > 0)
            {
                Warn($"{lost} audit records were lost: {_journal.Path} did not take them before the end.");
            }
        }
    }

    private void WriteAll(bool isOpen)
    {
        while (!isOpen && WaitToRetry())
        {
            isOpen = Succeeds(_journal.Open);
        }

        AuditRecord[] batch = new AuditRecord[FirstRecords];
        while (WaitForRecords())
        {
            int count;
            AuditLoss? loss;
            lock (_gate)
            {
                (batch, _queue) = (_queue, batch);
                (count, _queued) = (_queued, 0);
                (loss, _loss) = (_loss, null);
                Monitor.PulseAll(_gate);
            }

            int written = 0;
            while (!Succeeds(() => WriteBatch(batch.AsSpan(0, count), ref written, ref loss)))
            {
                if (!WaitToRetry())
                {
                    GiveBack(batch.AsSpan(written, count - written), loss);
                    return;
                }
            }

            Array.Clear(batch, 0, count);
            GatherMore();
        }

        Succeeds(_journal.Flush);
    }

    private void WriteBatch(ReadOnlySpan<AuditRecord> batch, ref int written, ref AuditLoss? loss)
    {
        while (written < batch.Length)
        {
            written += _journal.Append(batch[written..]);
        }

        if (loss is not null)
        {
            _journal.Append(loss);
            loss = null;
        }
    }

    // For the count at the end.
    private void GiveBack(ReadOnlySpan<AuditRecord> left, AuditLoss? loss)
    {
        lock (_gate)
        {
            long lost = left.Length + (loss?.Count ?? 0) + (_loss?.Count ?? 0);
            if (lost > 0)
            {
                DateTimeOffset now = _time.GetUtcNow();
                _loss = new AuditLoss(lost, now, now);
            }
        }
    }

    private bool WaitForRecords()
    {
        lock (_gate)
        {
            while (_queued == 0 && _loss is null && !_isEnding)
            {
                _isIdle = true;
                Monitor.Wait(_gate);
            }

            _isIdle = false;
            return _queued > 0 || _loss is not null;
        }
    }

    private void GatherMore()
    {
        lock (_gate)
        {
            if (!_isEnding)
            {
                Monitor.Wait(_gate, Gather);
            }
        }
    }

    // False at the end: there is no time for another try.
    private bool WaitToRetry()
    {
        lock (_gate)
        {
            if (_isEnding)
            {
                return false;
            }

            Monitor.Wait(_gate, Retry);
            return true;
        }
    }

    // Under the gate.
    private bool WaitForRoom()
    {
        long start = _time.GetTimestamp();
        while (_queued == _capacity && _trouble is null && !_isEnding)
        {
            TimeSpan left = LongestWait - _time.GetElapsedTime(start);
            if (left <= TimeSpan.Zero || !Monitor.Wait(_gate, left))
            {
                BeginTrouble("the disk does not answer");
            }
        }

        return _queued < _capacity && !_isEnding;
    }

    private bool Succeeds(Action action)
    {
        try
        {
            action();
            lock (_gate)
            {
                EndTrouble();
            }

            return true;
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            // Whatever it is: the agent goes on, or says why it refuses to.
            lock (_gate)
            {
                BeginTrouble(e.Message.TrimEnd('.'));
            }

            return false;
        }
    }

    private void BeginTrouble(string cause)
    {
        bool isNew = _trouble is null;
        _trouble = $"Audit records cannot be written to {_journal.Path}: {cause}.";
        if (isNew && (_warnedAt is not long before || _time.GetElapsedTime(before) >= BetweenWarnings))
        {
            (_warned, _warnedAt) = (true, _time.GetTimestamp());
            Warn(_denies
                ? $"{_trouble} No key is used until they can be. Free some space there, or let auditFile name another."
                : $"{_trouble} They wait, and those that find no room are lost. Free some space there, or let "
                    + "auditFile name another.");
        }
    }

    private void EndTrouble()
    {
        if (_trouble is not null)
        {
            _trouble = null;
            if (_warned)
            {
                _warned = false;
                Warn($"Audit records are written to {_journal.Path} again.");
            }
        }
    }

    private void Warn(string message) => _log.Write(new AgentEvent(AgentEventLevel.Warning, "audit", message));
}
