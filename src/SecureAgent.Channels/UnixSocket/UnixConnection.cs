namespace SecureAgent.Channels.UnixSocket;

/// <summary>One client of the channel, as the table of connections sees it.</summary>
/// <param name="processId">Its process id; 0 for all whose process lives in another pid namespace.</param>
/// <param name="stream">Its socket.</param>
/// <param name="frames">Its requests.</param>
internal sealed class UnixConnection(int processId, EpollStream stream, StreamConnection frames)
    : IClientConnection
{
    public int ProcessId => processId;

    /// <summary>Since when it has no request under way; <see langword="null"/> if it has one.</summary>
    public long? IdleSince => frames.IdleSince;

    /// <summary>Closes the connection unless a request is under way, or waits to be read.</summary>
    public bool TryEvict()
    {
        if (stream.HasUnread || !frames.TryEvict())
        {
            return false;
        }

        stream.Abort();
        return true;
    }
}
