namespace SecureAgent.Channels.Relay;

/// <summary>One client's connection through a relay, as a stream. One read at a time, and one write.</summary>
/// <remarks>What arrives waits here, and never more than the other side was given credit for, so that a reader that does
/// not read holds up nobody else.</remarks>
public sealed class RelayStream : ConnectionStream
{
    private readonly object _gate = new();
    private readonly RelayMultiplexer _relay;
    private readonly ByteQueue _received = new();
    private TaskCompletionSource? _readable;
    private TaskCompletionSource? _writable;
    private int _mayBeSent = RelayFrame.WindowBytes;
    private int _mayBeReceived = RelayFrame.WindowBytes;
    private int _taken;
    private bool _hasReceivedEnd;
    private bool _hasSentEnd;
    private bool _isGone;
    private bool _isDisposed;

    internal RelayStream(RelayMultiplexer relay, uint number) => (_relay, Number) = (relay, number);

    internal uint Number { get; }

    /// <summary>Reads what has arrived, or waits.</summary>
    /// <returns>0 when the other side has no more.</returns>
    /// <exception cref="IOException">The connection, or the relay, was cut off.</exception>
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        while (true)
        {
            Task readable;
            lock (_gate)
            {
                ObjectDisposedException.ThrowIf(_isDisposed, this);
                if (_received.Count > 0)
                {
                    int count = _received.Take(buffer.Span);
                    GiveCredit(count);
                    return count;
                }

                if (_hasReceivedEnd)
                {
                    return 0;
                }

                if (_isGone)
                {
                    throw new IOException("The relay has closed the connection.");
                }

                readable = (_readable ??= NewSource()).Task;
            }

            await readable.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Sends, as fast as the other side takes it.</summary>
    /// <exception cref="IOException">The connection, or the relay, was cut off.</exception>
    public override async ValueTask WriteAsync(
        ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        while (buffer.Length > 0)
        {
            int count;
            Task writable = Task.CompletedTask;
            lock (_gate)
            {
                if (_isGone || _isDisposed || _hasSentEnd)
                {
                    throw new IOException("The relay has closed the connection.");
                }

                count = Math.Min(Math.Min(_mayBeSent, RelayFrame.MaxDataBytes), buffer.Length);
                _mayBeSent -= count;
                if (count == 0)
                {
                    writable = (_writable ??= NewSource()).Task;
                }
            }

            if (count == 0)
            {
                await writable.WaitAsync(cancellationToken).ConfigureAwait(false);
                continue;
            }

            await _relay.Writer.SendAsync(RelayFrameType.Data, Number, buffer[..count], cancellationToken)
                .ConfigureAwait(false);
            buffer = buffer[count..];
        }
    }

    /// <summary>Says that nothing more is sent; what the other side sends can still be read.</summary>
    public void EndWriting()
    {
        bool isOver;
        lock (_gate)
        {
            if (_hasSentEnd || _isGone || _isDisposed)
            {
                return;
            }

            _hasSentEnd = true;
            isOver = _hasReceivedEnd;
        }

        _relay.Writer.Post(RelayFrameType.End, Number);
        if (isOver)
        {
            _relay.Remove(this);
        }
    }

    /// <summary>Bytes have arrived.</summary>
    /// <exception cref="RelayProtocolException">They were not allowed to.</exception>
    internal void Receive(ReadOnlySpan<byte> bytes)
    {
        TaskCompletionSource? readable;
        lock (_gate)
        {
            if (_hasReceivedEnd)
            {
                throw new RelayProtocolException($"it sent bytes of connection {Number} after their end");
            }

            if (bytes.Length > _mayBeReceived)
            {
                throw new RelayProtocolException($"it sent more bytes of connection {Number} than it had credit for");
            }

            if (_isDisposed)
            {
                return; // They crossed our reset.
            }

            _mayBeReceived -= bytes.Length;
            _received.Append(bytes);
            (readable, _readable) = (_readable, null);
        }

        readable?.SetResult();
    }

    /// <summary>The other side has no more bytes.</summary>
    /// <exception cref="RelayProtocolException">It said so before.</exception>
    internal void ReceiveEnd()
    {
        TaskCompletionSource? readable;
        bool isOver;
        lock (_gate)
        {
            if (_hasReceivedEnd)
            {
                throw new RelayProtocolException($"it ended connection {Number} twice");
            }

            _hasReceivedEnd = true;
            isOver = _hasSentEnd;
            (readable, _readable) = (_readable, null);
        }

        readable?.SetResult();
        if (isOver)
        {
            _relay.Remove(this);
        }
    }

    /// <summary>More may be sent.</summary>
    /// <exception cref="RelayProtocolException">Than there is room for on the other side.</exception>
    internal void AddCredit(uint bytes)
    {
        TaskCompletionSource? writable;
        lock (_gate)
        {
            if (bytes == 0 || bytes > RelayFrame.WindowBytes - _mayBeSent)
            {
                throw new RelayProtocolException($"it gave {bytes} bytes of credit for connection {Number}");
            }

            _mayBeSent += (int)bytes;
            (writable, _writable) = (_writable, null);
        }

        writable?.SetResult();
    }

    /// <summary>The connection, or the relay, has ended. What has arrived can still be read.</summary>
    internal void CutOff()
    {
        TaskCompletionSource? readable;
        TaskCompletionSource? writable;
        lock (_gate)
        {
            _isGone = true;
            (readable, _readable) = (_readable, null);
            (writable, _writable) = (_writable, null);
        }

        readable?.SetResult();
        writable?.SetResult();
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        bool isOpen;
        lock (_gate)
        {
            isOpen = !_isDisposed && !_isGone && !(_hasReceivedEnd && _hasSentEnd);
            _isDisposed = true;
            _received.Clear();
        }

        if (isOpen)
        {
            _relay.Writer.Post(RelayFrameType.Reset, Number);
            _relay.Remove(this);
        }

        base.Dispose(disposing);
    }

    private static TaskCompletionSource NewSource() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Half the window at a time: a frame for each read would be half of the traffic.</summary>
    private void GiveCredit(int count)
    {
        _taken += count;
        if (_taken >= RelayFrame.WindowBytes / 2 && !_isGone && !_hasReceivedEnd)
        {
            _mayBeReceived += _taken;
            _relay.Writer.PostCredit(Number, (uint)_taken);
            _taken = 0;
        }
    }
}
