namespace SecureAgent.Channels;

/// <summary>One client of a <see cref="StreamServer"/>. Until it has shown who it is it counts as idle.</summary>
/// <param name="processId">Its process id; 0 if it is not known.</param>
/// <param name="stream">Its stream.</param>
/// <param name="since">When it came, as a timestamp of the server's clock.</param>
internal sealed class ServedStream(int processId, Stream stream, long since) : IClientConnection
{
    private readonly object _gate = new();
    private StreamConnection? _frames;
    private bool _isEvicted;

    /// <summary>Its stream.</summary>
    public Stream Stream => stream;

    /// <inheritdoc/>
    public int ProcessId => processId;

    /// <inheritdoc/>
    public long? IdleSince
    {
        get
        {
            lock (_gate)
            {
                return _frames is null ? since : _frames.IdleSince;
            }
        }
    }

    /// <summary>Goes on from showing who it is to sending requests.</summary>
    /// <returns><see langword="false"/> if it was closed meanwhile.</returns>
    public bool TryBegin(StreamConnection frames)
    {
        lock (_gate)
        {
            _frames = frames;
            return !_isEvicted;
        }
    }

    /// <inheritdoc/>
    public bool TryEvict()
    {
        lock (_gate)
        {
            if (_frames is not null && !_frames.TryEvict())
            {
                return false;
            }

            _isEvicted = true;
        }

        stream.Dispose();
        return true;
    }
}
