using System.Runtime.InteropServices;

namespace SecureAgent.Channels.UnixSocket;

/// <summary>The open connections of a channel, and how many there may be. When it is full the one that has been idle
/// longest has to go, of those of the process that has most, so that a process that hoards connections loses its own.
/// A connection whose request is under way never goes; a quarter of the places is kept from any single process, so
/// that another gets in even while all of its requests are under way.</summary>
internal sealed class ConnectionTable
{
    /// <summary>More would only cost memory: it is many times what any number of clients needs.</summary>
    private const int LargestCapacity = 8192;

    /// <summary>Kept from the connections for everything else that the process opens, and at most half of what there
    /// is.</summary>
    private const int OtherDescriptors = 32;

    /// <summary>A client that has only just come, or been answered, is not idle: it is about to ask.</summary>
    private static readonly TimeSpan Grace = TimeSpan.FromMilliseconds(250);

    private readonly object _gate = new();
    private readonly Dictionary<int, HashSet<UnixConnection>> _byProcess = [];
    private readonly TimeProvider _time;
    private readonly int _capacity;
    private readonly int _share;
    private int _count;

    /// <summary>Creates the table.</summary>
    /// <param name="descriptors">How many descriptors the process may have.</param>
    /// <param name="time">The clock of the connections.</param>
    public ConnectionTable(int descriptors, TimeProvider time)
    {
        _time = time;
        _capacity = Math.Min(LargestCapacity, Math.Max(descriptors / 2, descriptors - OtherDescriptors));
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
            return _count < _capacity ? TimeSpan.Zero : EvictFromLargest(Grace);
        }
    }

    /// <summary>Closes the connection that has been idle longest, however short that is, because the system has no
    /// descriptor left.</summary>
    /// <returns>Whether there was one.</returns>
    public bool TryEvict()
    {
        lock (_gate)
        {
            return EvictFromLargest(TimeSpan.Zero) == TimeSpan.Zero;
        }
    }

    /// <summary>Takes in a connection.</summary>
    /// <returns><see langword="false"/> if its process has its share, and a request under way on every connection of
    /// it.</returns>
    public bool TryAdd(UnixConnection connection)
    {
        lock (_gate)
        {
            ref HashSet<UnixConnection>? ofProcess =
                ref CollectionsMarshal.GetValueRefOrAddDefault(_byProcess, connection.ProcessId, out _);
            ofProcess ??= [];
            if (ofProcess.Count >= _share && Evict(ofProcess, TimeSpan.Zero) != TimeSpan.Zero)
            {
                return false;
            }

            ofProcess.Add(connection);
            _count++;
            return true;
        }
    }

    /// <summary>Forgets a connection that has ended; one that was evicted is forgotten already.</summary>
    public void Remove(UnixConnection connection)
    {
        lock (_gate)
        {
            if (_byProcess.TryGetValue(connection.ProcessId, out HashSet<UnixConnection>? ofProcess)
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

    private TimeSpan EvictFromLargest(TimeSpan grace)
    {
        TimeSpan wait = Grace;
        foreach (HashSet<UnixConnection> ofProcess in _byProcess.Values.OrderByDescending(each => each.Count))
        {
            TimeSpan left = Evict(ofProcess, grace);
            if (left == TimeSpan.Zero)
            {
                return left;
            }

            wait = left < wait ? left : wait;
        }

        return wait;
    }

    /// <summary>Closes the one that has been idle longest, if that is as long as <paramref name="grace"/>.</summary>
    /// <returns>How long until one has; <see cref="TimeSpan.Zero"/> if one was closed.</returns>
    private TimeSpan Evict(HashSet<UnixConnection> ofProcess, TimeSpan grace)
    {
        HashSet<UnixConnection> busy = [];
        while (LongestIdle(ofProcess, busy) is var (connection, since))
        {
            TimeSpan left = grace - _time.GetElapsedTime(since);
            if (left > TimeSpan.Zero)
            {
                return left;
            }

            if (connection.TryEvict())
            {
                ofProcess.Remove(connection);
                _count--;
                return TimeSpan.Zero;
            }

            busy.Add(connection);
        }

        return Grace;
    }

    private static (UnixConnection Connection, long Since)? LongestIdle(
        HashSet<UnixConnection> connections, HashSet<UnixConnection> busy)
    {
        (UnixConnection Connection, long Since)? longest = null;
        foreach (UnixConnection connection in connections)
        {
            if (connection.IdleSince is { } since && (longest is null || since < longest.Value.Since)
                && !busy.Contains(connection))
            {
                longest = (connection, since);
            }
        }

        return longest;
    }
}
