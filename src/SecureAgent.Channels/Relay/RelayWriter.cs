using System.Buffers.Binary;

namespace SecureAgent.Channels.Relay;

/// <summary>The frames that leave, in order, many with one write where many wait. Control frames never wait for room,
/// because the loop that reads sends them: two sides that wait for each other to read would stand still. What they can
/// add up to is bounded by the number of connections.</summary>
internal sealed class RelayWriter
{
    private const int BatchSizeBytes = 64 * 1024;

    /// <summary>More data does not enter before this is written.</summary>
    private const int MostDataBytes = 256 * 1024;

    private readonly object _gate = new();
    private readonly Stream _output;
    private readonly ByteQueue _queue = new();
    private TaskCompletionSource _work = NewSource();
    private TaskCompletionSource? _room;
    private bool _isEnded;
    private ulong? _pong;

    /// <summary>Creates it; <see cref="RunAsync"/> writes.</summary>
    public RelayWriter(Stream output)
    {
        _output = output;
        Span<byte> hello = stackalloc byte[RelayHello.SizeBytes];
        RelayHello.Write(hello);
        _queue.Append(hello);
        _work.SetResult();
    }

    /// <summary>Writes until it is cancelled or nobody reads any more.</summary>
    /// <exception cref="IOException">Nobody reads any more.</exception>
    public async Task RunAsync(CancellationToken ct)
    {
        byte[] batch = PinnedPool.Rent(BatchSizeBytes);
        try
        {
            while (true)
            {
                await _work.Task.WaitAsync(ct).ConfigureAwait(false);
                int count = Take(batch);
                await _output.WriteAsync(batch.AsMemory(0, count), ct).ConfigureAwait(false);
                await _output.FlushAsync(ct).ConfigureAwait(false);
                batch.AsSpan(0, count).Clear();
            }
        }
        finally
        {
            End();
            PinnedPool.Return(batch);
        }
    }

    /// <summary>Sends a frame of data or of an introduction, once there is room.</summary>
    /// <exception cref="IOException">The relay has ended.</exception>
    public async ValueTask SendAsync(
        RelayFrameType type, uint connection, ReadOnlyMemory<byte> payload, CancellationToken ct)
    {
        while (!TrySend(type, connection, payload.Span, out Task room))
        {
            await room.WaitAsync(ct).ConfigureAwait(false);
        }
    }

    /// <summary>Sends a frame without payload.</summary>
    public void Post(RelayFrameType type, uint connection) => Post(type, connection, []);

    /// <summary>Lets the other side send more bytes of a connection.</summary>
    public void PostCredit(uint connection, uint bytes)
    {
        Span<byte> payload = stackalloc byte[sizeof(uint)];
        BinaryPrimitives.WriteUInt32BigEndian(payload, bytes);
        Post(RelayFrameType.Credit, connection, payload);
    }

    /// <summary>Asks for a sign of life.</summary>
    public void PostPing(ulong number)
    {
        Span<byte> payload = stackalloc byte[RelayFrame.PingBytes];
        BinaryPrimitives.WriteUInt64BigEndian(payload, number);
        Post(RelayFrameType.Ping, 0, payload);
    }

    /// <summary>Gives one, with the next write.</summary>
    /// <returns>Whether none was still to be written.</returns>
    public bool TryPostPong(ulong number)
    {
        lock (_gate)
        {
            bool isFirst = _pong is null;
            _pong = number;
            _work.TrySetResult();
            return isFirst;
        }
    }

    private static TaskCompletionSource NewSource() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private bool TrySend(RelayFrameType type, uint connection, ReadOnlySpan<byte> payload, out Task room)
    {
        lock (_gate)
        {
            if (_isEnded)
            {
                throw new IOException("The relay has ended.");
            }

            if (_queue.Count >= MostDataBytes)
            {
                room = (_room ??= NewSource()).Task;
                return false;
            }

            room = Task.CompletedTask;
            Append(type, connection, payload);
            return true;
        }
    }

    private void Post(RelayFrameType type, uint connection, ReadOnlySpan<byte> payload)
    {
        lock (_gate)
        {
            if (!_isEnded)
            {
                Append(type, connection, payload);
            }
        }
    }

    private void Append(RelayFrameType type, uint connection, ReadOnlySpan<byte> payload)
    {
        Span<byte> head = stackalloc byte[RelayFrame.HeadSizeBytes];
        new RelayFrame(type, connection, (uint)payload.Length).Write(head);
        _queue.Append(head);
        _queue.Append(payload);
        _work.TrySetResult();
    }

    private int Take(Span<byte> batch)
    {
        TaskCompletionSource? room = null;
        int count;
        lock (_gate)
        {
            if (_pong is ulong number)
            {
                _pong = null;
                Span<byte> payload = stackalloc byte[RelayFrame.PingBytes];
                BinaryPrimitives.WriteUInt64BigEndian(payload, number);
                Append(RelayFrameType.Pong, 0, payload);
            }

            count = _queue.Take(batch);
            if (_queue.Count == 0)
            {
                _work = NewSource();
            }

            if (_queue.Count < MostDataBytes)
            {
                (room, _room) = (_room, null);
            }
        }

        room?.SetResult();
        return count;
    }

    private void End()
    {
        TaskCompletionSource? room;
        lock (_gate)
        {
            _isEnded = true;
            _queue.Clear();
            (room, _room) = (_room, null);
        }

        room?.SetResult();
    }
}
