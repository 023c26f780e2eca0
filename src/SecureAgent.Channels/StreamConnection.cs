using System.Buffers;
using System.Buffers.Binary;
using System.Security.Cryptography;

namespace SecureAgent.Channels;

/// <summary>One client on a stream: takes frames off it in whatever pieces they arrive, has each answered, and writes
/// the answers in order. It never looks inside a frame. A frame's length is 1 to 262144; anything else closes the
/// connection, and so does a frame that stays incomplete for 10 seconds. A client that is merely silent may
/// stay.</summary>
/// <remarks>RFC 9987, "requests and responses". An idle connection holds 1 KiB; more is rented as bytes arrive, never
/// because a prefix promises them, and given back when the frame is answered. Request bytes, which may be a passphrase
/// or a private key, lie in memory that the collector does not move, and are zeroed as soon as they are
/// answered.</remarks>
public sealed class StreamConnection
{
    /// <summary>Largest body of a frame, as in OpenSSH.</summary>
    public const int MaxBodySizeBytes = 256 * 1024;

    private const int PrefixSizeBytes = sizeof(uint);
    private const int OwnSizeBytes = 1024;
    private const int AheadSizeBytes = 4096;

    /// <summary>A client that never lets its next read wait would otherwise keep a pool thread from everybody
    /// else.</summary>
    private const int FramesPerTurn = 64;

    // What _idleSince holds instead of a time.
    private const long Busy = -1;
    private const long Evicted = -2;

    private readonly Stream _stream;
    private readonly RequestHandler _handler;
    private readonly Func<ReadOnlySequence<byte>, bool> _isQuick;
    private readonly TimeProvider _time;
    private readonly FrameWriter _response = new();
    private readonly byte[] _own = PinnedPool.Rent(OwnSizeBytes);

    // Bytes received and not yet answered: _buffer[_start.._end]. While a request takes its time, the next bytes go to
    // _ahead instead, because the request still lies in _buffer: _ahead[_aheadStart.._aheadCount] is received and not
    // yet in _buffer, and a read that is still under way writes behind it.
    private byte[] _buffer;
    private int _start;
    private int _end;
    private byte[]? _ahead;
    private int _aheadStart;
    private int _aheadCount;
    private Task<int>? _reading;
    private long _idleSince;

    /// <summary>Creates the connection; <see cref="RunAsync"/> serves it.</summary>
    /// <param name="stream">Both directions; not disposed here.</param>
    /// <param name="handler">Answers each request.</param>
    /// <param name="isQuick">Whether a request can be answered on the thread that brought its bytes; others go to the
    /// pool.</param>
    /// <param name="time">The clock of the incomplete-frame deadline.</param>
    public StreamConnection(
        Stream stream, RequestHandler handler, Func<ReadOnlySequence<byte>, bool> isQuick, TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(time);
        (_stream, _handler, _isQuick, _time) = (stream, handler, isQuick, time);
        _buffer = _own;
        _idleSince = time.GetTimestamp();
    }

    /// <summary>Since when the client has had no request under way, as a timestamp of the connection's clock;
    /// <see langword="null"/> if it has one.</summary>
    public long? IdleSince => Volatile.Read(ref _idleSince) is var since and >= 0 ? since : null;

    /// <summary>Sees to it that no request is taken from the client any more, so that its stream can be
    /// closed.</summary>
    /// <returns><see langword="false"/> if a request is under way, which goes on.</returns>
    public bool TryEvict() => Volatile.Read(ref _idleSince) != Busy && TryBecome(Evicted);

    /// <summary>Serves until the client leaves, breaks the framing, or <paramref name="ct"/> is cancelled. Never throws
    /// for anything that a client or the stream does.</summary>
    public async Task RunAsync(CancellationToken ct)
    {
        using CancellationTokenSource leaving = CancellationTokenSource.CreateLinkedTokenSource(ct);
        using FrameDeadline deadline = new(_time, leaving.Cancel);
        try
        {
            await ServeAsync(deadline, leaving).ConfigureAwait(false);
        }
        catch (IOException)
        {
            // The client has gone, which it may do at any time.
        }
        catch (OperationCanceledException) when (leaving.IsCancellationRequested)
        {
            // The client has gone, took too long over a frame, or the channel closes.
        }
        catch (ObjectDisposedException)
        {
            // The channel closed the stream under us, in order to close.
        }
        finally
        {
            await AbandonReadAsync(leaving).ConfigureAwait(false);
            _response.Release();
            ReleaseBuffer();
            PinnedPool.Return(_own);
        }
    }

    /// <summary>The loop, in one method on purpose: one that awaits in its place would cost an allocation per
    /// request.</summary>
    private async Task ServeAsync(FrameDeadline deadline, CancellationTokenSource leaving)
    {
        int served = 0;
        while (TryFindFrame(out int length))
        {
            if (length == 0)
            {
                if (_end > _start)
                {
                    deadline.Start();
                }

                int received = await BeginRead(leaving.Token).ConfigureAwait(false);
                if (received == 0)
                {
                    return;
                }

                EndRead(received);
                continue;
            }

            deadline.Stop();
            if (!TryBecome(Busy))
            {
                return; // Evicted.
            }

            ReadOnlySequence<byte> request = new(_buffer, _start + PrefixSizeBytes, length);
            if (!_isQuick(request))
            {
                // Whoever brought the bytes has others to bring, and must not wait while a signature is computed.
                await Task.Yield();
            }

            ValueTask answering = _handler(request, _response, leaving.Token);
            if (answering.IsCompletedSuccessfully)
            {
                await answering.ConfigureAwait(false);
            }
            else
            {
                await WatchAsync(answering.AsTask(), leaving).ConfigureAwait(false);
            }

            Consume(PrefixSizeBytes + length);
            ValueTask writing = _stream.WriteAsync(_response.Complete(), leaving.Token);
            if (!writing.IsCompleted)
            {
                BecomeIdle(); // The rest is up to the client, which does not read.
            }

            await writing.ConfigureAwait(false);
            _response.Release();
            BecomeIdle();
            if (++served % FramesPerTurn == 0)
            {
                await Task.Yield();
            }
        }
    }

    private void BecomeIdle() => TryBecome(_time.GetTimestamp());

    /// <summary>Changes <c>_idleSince</c>, unless somebody else does at the same time, which ends in an eviction or a
    /// request that is taken; what is evicted stays so.</summary>
    private bool TryBecome(long state)
    {
        long current = Volatile.Read(ref _idleSince);
        return current != Evicted && Interlocked.CompareExchange(ref _idleSince, state, current) == current;
    }

    /// <summary>Looks for a frame at <c>_start</c>.</summary>
    /// <param name="length">Length of its body; 0 if it is not complete yet.</param>
    /// <returns><see langword="false"/> if its length is impossible.</returns>
    private bool TryFindFrame(out int length)
    {
        length = 0;
        int available = _end - _start;
        if (available < PrefixSizeBytes)
        {
            return true;
        }

        uint claimed = BinaryPrimitives.ReadUInt32BigEndian(_buffer.AsSpan(_start));
        if (claimed is 0 or > MaxBodySizeBytes)
        {
            return false;
        }

        length = available - PrefixSizeBytes >= claimed ? (int)claimed : 0;
        return true;
    }

    /// <summary>Goes on with what was read ahead while a request took its time, or else reads.</summary>
    private ValueTask<int> BeginRead(CancellationToken ct)
    {
        if (_aheadCount > _aheadStart)
        {
            // Before waiting for the read: these bytes may be a whole request, and its client may send no other.
            return new ValueTask<int>(_aheadCount - _aheadStart);
        }

        if (_reading is not null)
        {
            return new ValueTask<int>(_reading);
        }

        MakeRoom(1);
        return _stream.ReadAsync(_buffer.AsMemory(_end), ct);
    }

    private void EndRead(int received)
    {
        if (_ahead is null)
        {
            _end += received;
            return;
        }

        if (_aheadCount == _aheadStart)
        {
            _reading = null;
            _aheadCount += received;
        }

        MakeRoom(received);
        _ahead.AsSpan(_aheadStart, received).CopyTo(_buffer.AsSpan(_end));
        _end += received;
        _aheadStart = _aheadCount;
        if (_reading is null)
        {
            ReleaseAhead();
        }
    }

    private void Consume(int count)
    {
        CryptographicOperations.ZeroMemory(_buffer.AsSpan(_start, count));
        _start += count;
        if (_start == _end)
        {
            ReleaseBuffer();
        }
    }

    /// <summary>Waits for a slow answer and cancels it if the client leaves meanwhile, which only reading shows. A
    /// client that sends more than <c>_ahead</c> holds before it is answered is not watched further.</summary>
    private async Task WatchAsync(Task answering, CancellationTokenSource leaving)
    {
        _ahead ??= PinnedPool.Rent(AheadSizeBytes);
        while (!answering.IsCompleted && _aheadCount < _ahead.Length)
        {
            _reading ??= _stream.ReadAsync(_ahead.AsMemory(_aheadCount), leaving.Token).AsTask();
            await Task.WhenAny(answering, _reading).ConfigureAwait(false);
            if (_reading.IsCompleted)
            {
                int received = _reading.IsCompletedSuccessfully ? await _reading.ConfigureAwait(false) : 0;
                if (received == 0)
                {
                    await leaving.CancelAsync().ConfigureAwait(false);
                    break;
                }

                _aheadCount += received;
                _reading = null;
            }
        }

        await answering.ConfigureAwait(false);
        if (_reading is null && _aheadCount == _aheadStart)
        {
            ReleaseAhead();
        }
    }

    private async ValueTask AbandonReadAsync(CancellationTokenSource leaving)
    {
        if (_reading is not null)
        {
            await leaving.CancelAsync().ConfigureAwait(false);

            // The buffer may go back to the pool only when nothing can be written to it any more.
            await Task.WhenAny(_reading).ConfigureAwait(false);
            _ = _reading.Exception;
            _reading = null;
        }

        if (_ahead is not null)
        {
            ReleaseAhead();
        }
    }

    private void ReleaseAhead()
    {
        PinnedPool.Return(_ahead!); // The callers saw that it is rented.
        (_ahead, _aheadStart, _aheadCount) = (null, 0, 0);
    }

    /// <summary>Makes room for <paramref name="count"/> bytes at <c>_end</c>: moves what is there to the front, or to the
    /// next larger buffer. The callers never hold more than one frame and one read, which bounds the
    /// size.</summary>
    private void MakeRoom(int count)
    {
        if (_buffer.Length - _end >= count)
        {
            return;
        }

        int held = _end - _start;
        if (_start > 0 && _buffer.Length - held >= count)
        {
            _buffer.AsSpan(_start, held).CopyTo(_buffer);
            CryptographicOperations.ZeroMemory(_buffer.AsSpan(held, _end - held));
        }
        else
        {
            byte[] larger = PinnedPool.Rent(Math.Max(_buffer.Length + 1, held + count));
            _buffer.AsSpan(_start, held).CopyTo(larger);
            ReleaseBuffer();
            _buffer = larger;
        }

        (_start, _end) = (0, held);
    }

    private void ReleaseBuffer()
    {
        if (ReferenceEquals(_buffer, _own))
        {
            CryptographicOperations.ZeroMemory(_own.AsSpan(_start, _end - _start));
        }
        else
        {
            PinnedPool.Return(_buffer);
        }

        (_buffer, _start, _end) = (_own, 0, 0);
    }
}
