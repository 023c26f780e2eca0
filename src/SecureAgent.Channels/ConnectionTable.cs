namespace SecureAgent.Channels;

/// <summary>The open connections of a channel, and how many there may be. When it is full the one that has been idle
/// longest has to go, of the process that has most, so that a process that hoards connections loses its own.
/// A connection whose request is under way never goes; a quarter of the places is kept from any single process, so
/// that another gets in even while all of its requests are under way.</summary>
internal sealed class ConnectionTable
{
    /// <summary>More would only cost memory: it is many times what any number of clients needs.</summary>
    public const int LargestCapacity = 8192;

    /// <summary>A client that has only just come, or been answered, is not idle: it is about to ask.</summary>
    private static readonly TimeSpan Grace = TimeSpan.FromMilliseconds(250);

    private readonly object _gate = new();
    private readonly Dictionary<int, HashSet<IClientConnection>> _byProcess = [];
    private readonly TimeProvider _time;
    private readonly int _capacity;
    private readonly int _share;
    private int _count;

    /// <summary>Creates the table.</summary>
    /// <param name="capacity">How many connections there may be; more than 8192 are never taken.</param>
    /// <param name="time">The clock of the connections.</param>
    public ConnectionTable(int capacity, TimeProvider time)
    {
        _time = time;
        _capacity = Math.Min(LargestCapacity, capacity);
        _share = Math.Max(1, _capacity - (_capacity / 4));
    }

    /// <summary>Whether one more connection has a place.</summary>
    public bool HasRoom => Volatile.Read(ref _count) < _capacity;

    /// <summary>Sees to it that one more connection has a place, by closing an idle one if it must.</summary>
    /// <returns>How long to wait before it is worth trying again; <see cref="TimeSpan.Zero"/> if there is a place
    /// now.</returns>
    public TimeSpan MakeRoom()
    {
        lock (_gate)
        {
            return _count < _capacity ? TimeSpan.Zero : Evict(_byProcess.Values, Grace);
        }
    }

    /// <summary>Closes the connection that has been idle longest, however short that is, because the system has no
    /// descriptor left.</summary>
    /// <returns>Whether there was one.</returns>
    public bool TryEvict()
    {
        lock (_gate)
        {
            return Evict(_byProcess.Values, TimeSpan.Zero) == TimeSpan.Zero;
        }
    }

    /// <summary>Takes in a connection.</summary>
    /// <returns><see langword="false"/> if its process has its share, and a request under way on every connection of
    /// it.</returns>
    public bool TryAdd(IClientConnection connection)
    {
        lock (_gate)
        {
            if (!_byProcess.TryGetValue(connection.ProcessId, out HashSet<IClientConnection>? ofProcess))
            {
                ofProcess = [];
            }

            if (ofProcess.Count >= _share && Evict([ofProcess], TimeSpan.Zero) != TimeSpan.Zero)
            {
                return false;
            }

            ofProcess.Add(connection);
            _byProcess[connection.ProcessId] = ofProcess; // Again, if its only one was evicted.
            _count++;
            return true;
        }
    }

    /// <summary>Forgets a connection that has ended; one that was evicted is forgotten already.</summary>
    public void Remove(IClientConnection connection)
    {
        lock (_gate)
        {
            Forget(connection);
        }
    }

    /// <summary>Closes the connection that has been idle longest, of the process that has most connections, if it has
    /// been for <paramref name="grace"/>. No LINQ: without a descriptor nothing can be loaded.</summary>
    /// <returns>How long until one has; <see cref="TimeSpan.Zero"/> if one was closed.</returns>
    private TimeSpan Evict(IReadOnlyCollection<HashSet<IClientConnection>> processes, TimeSpan grace)
    {
        HashSet<IClientConnection> busy = [];
        while (true)
        {
            TimeSpan wait = Grace;
            IClientConnection? victim = null;
            (int Held, long Since) best = default;
            foreach (HashSet<IClientConnection> ofProcess in processes)
            {
                foreach (IClientConnection connection in ofProcess)
                {
                    if (connection.IdleSince is not { } since || busy.Contains(connection))
                    {
                        continue;
                    }

                    TimeSpan left = grace - _time.GetElapsedTime(since);
                    if (left > TimeSpan.Zero)
                    {
                        wait = left < wait ? left : wait;
                    }
                    else if (victim is null || ofProcess.Count > best.Held
                        || (ofProcess.Count == best.Held && since < best.Since))
                    {
                        (victim, best) = (connection, (ofProcess.Count, since));
                    }
                }
            }

            if (victim is null)
            {
                return wait;
            }

            if (victim.TryEvict())
            {
                Forget(victim);
                return TimeSpan.Zero;
            }

            busy.Add(victim);
        }
    }

    private void Forget(IClientConnection connection)
    {
        if (_byProcess.TryGetValue(connection.ProcessId, out HashSet<IClientConnection>? ofProcess)
            && ofProcess.Remove(connection))
        {
            _count--;
            if (ofProcess.Count == 0)
            {
                _byProcess.Remove(connection.ProcessId);
            }
        }
    }
}
