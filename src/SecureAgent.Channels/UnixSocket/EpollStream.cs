using System.Runtime.InteropServices;
using System.Threading.Tasks.Sources;

namespace SecureAgent.Channels.UnixSocket;

/// <summary>A connected socket as a stream. A read that has to wait continues on the loop's thread. Reads come one at a
/// time, and so do writes; cancelling one, as <see cref="Abort"/> does, ends the stream, because what is cut
/// off in the middle leaves nothing to go on with.</summary>
internal sealed class EpollStream : ConnectionStream, IReadinessTarget, IValueTaskSource<int>
{
    private const uint Reading = Libc.EPOLLIN | Libc.EPOLLRDHUP | Libc.EPOLLET;

    private readonly object _gate = new();
    private readonly EpollLoop _loop;
    private readonly int _socket;
    private ManualResetValueTaskSourceCore<int> _read;
    private Memory<byte> _buffer;
    private bool _isWaiting;
    private bool _isReady;
    private bool _isAdded;
    private bool _isClosed;
    private TaskCompletionSource? _writable;
    private CancellationToken _ending;
    private CancellationTokenRegistration _registration;

    /// <summary>Takes ownership of a connected socket that does not block.</summary>
    public EpollStream(EpollLoop loop, int socket) => (_loop, _socket) = (loop, socket);

    /// <summary>Whether bytes have arrived that nobody has read.</summary>
    public bool HasUnread
    {
        get
        {
            lock (_gate)
            {
                return !_isClosed && Libc.Receive(_socket, stackalloc byte[1], 1, Libc.MSG_PEEK) > 0;
            }
        }
    }

    /// <summary>Ends both directions: what is read or written now, or later, finds the client gone.</summary>
    public void Abort()
    {
        lock (_gate)
        {
            // Not after the close, when the number may be another's.
            if (!_isClosed)
            {
                _ = Libc.Shutdown(_socket, Libc.SHUT_RDWR);
            }
        }
    }

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        EndWith(cancellationToken);
        while (true)
        {
            if (TryReceive(buffer.Span, out int received))
            {
                return new ValueTask<int>(received);
            }

            lock (_gate)
            {
                if (_isReady)
                {
                    _isReady = false;
                    continue;
                }

                _read.Reset();
                _buffer = buffer;
                _isWaiting = true;
                short version = _read.Version;
                AddToLoop();
                return new ValueTask<int>(this, version);
            }
        }
    }

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        EndWith(cancellationToken);
        return TrySend(buffer.Span, out int sent) && sent == buffer.Length
            ? ValueTask.CompletedTask
            : WriteRestAsync(buffer[Math.Max(sent, 0)..]);
    }

    public void OnReady(uint events)
    {
        if ((events & (Libc.EPOLLOUT | Libc.EPOLLERR | Libc.EPOLLHUP)) != 0)
        {
            EndWaitForRoom();
        }

        lock (_gate)
        {
            if (!_isWaiting)
            {
                _isReady = true;
                return;
            }

            _isWaiting = false;
        }

        CompleteRead();
    }

    int IValueTaskSource<int>.GetResult(short token) => _read.GetResult(token);

    ValueTaskSourceStatus IValueTaskSource<int>.GetStatus(short token) => _read.GetStatus(token);

    void IValueTaskSource<int>.OnCompleted(
        Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _read.OnCompleted(continuation, state, token, flags);

    /// <summary>Closes the socket; no read and no write is under way any more.</summary>
    protected override void Dispose(bool disposing)
    {
        _registration.Dispose();
        lock (_gate)
        {
            if (!_isClosed)
            {
                _isClosed = true;
                if (_isAdded)
                {
                    _loop.Remove(_socket);
                }

                _ = Libc.Close(_socket);
            }
        }

        base.Dispose(disposing);
    }

    private static IOException Error(int error) => new(Marshal.GetPInvokeErrorMessage(error));

    /// <summary>Whoever reads and writes does so with one token all the time, so that this costs once.</summary>
    private void EndWith(CancellationToken ct)
    {
        if (ct != _ending)
        {
            _registration.Dispose();
            _ending = ct;
            _registration = ct.UnsafeRegister(static stream => ((EpollStream)stream!).Abort(), this);
        }
    }

    private bool TryReceive(Span<byte> buffer, out int received)
    {
        do
        {
            received = (int)Libc.Receive(_socket, buffer, (nuint)buffer.Length, 0);
        }
        while (received < 0 && WasInterrupted());
        return received >= 0;
    }

    private bool TrySend(ReadOnlySpan<byte> buffer, out int sent)
    {
        do
        {
            sent = (int)Libc.Send(_socket, buffer, (nuint)buffer.Length, Libc.MSG_NOSIGNAL);
        }
        while (sent < 0 && WasInterrupted());
        return sent >= 0;
    }

    /// <summary>Whether the call that failed just now is to be made again; if not, it would have to wait.</summary>
    /// <exception cref="IOException">It failed for another reason.</exception>
    private static bool WasInterrupted() => Marshal.GetLastPInvokeError() switch
    {
        Libc.EAGAIN => false,
        Libc.EINTR => true,
        int error => throw Error(error),
    };

    private async ValueTask WriteRestAsync(ReadOnlyMemory<byte> rest)
    {
        while (rest.Length > 0)
        {
            TaskCompletionSource writable = new(TaskCreationOptions.RunContinuationsAsynchronously);
            lock (_gate)
            {
                AddToLoop();
                _writable = writable;
                _loop.Change(_socket, Reading | Libc.EPOLLOUT);
            }

            await writable.Task.ConfigureAwait(false);
            if (TrySend(rest.Span, out int sent))
            {
                rest = rest[sent..];
            }
        }
    }

    private void AddToLoop()
    {
        if (!_isAdded)
        {
            _isAdded = true;
            _loop.Add(_socket, Reading, this);
        }
    }

    private void EndWaitForRoom()
    {
        TaskCompletionSource? writable;
        lock (_gate)
        {
            (writable, _writable) = (_writable, null);
            if (writable is null || _isClosed)
            {
                return;
            }

            _loop.Change(_socket, Reading);
        }

        writable.SetResult();
    }

    private void CompleteRead()
    {
        try
        {
            if (!TryReceive(_buffer.Span, out int received))
            {
                // Somebody else's event. Only this thread sets _isReady, so that none is missed.
                lock (_gate)
                {
                    _isWaiting = true;
                }

                return;
            }

            _buffer = default;
            _read.SetResult(received);
        }
        catch (IOException exception)
        {
            _read.SetException(exception);
        }
    }
}
