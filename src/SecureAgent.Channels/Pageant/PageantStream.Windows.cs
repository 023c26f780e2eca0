using System.Buffers.Binary;
using System.Runtime.Versioning;
using System.Threading.Channels;
using SecureAgent.Core;

namespace SecureAgent.Channels.Pageant;

/// <summary>A connection to a Pageant as a stream of frames: each frame that is written becomes one call of its window,
/// whose answer can then be read. Frames may be written in any pieces, by one writer; a frame that no mapping can hold
/// is answered SSH_AGENT_FAILURE, as PuTTY does.</summary>
[SupportedOSPlatform("windows")]
internal sealed class PageantStream : ConnectionStream
{
    private static readonly byte[] Failure = [0, 0, 0, 1, 5];

    private readonly Channel<byte[]> _answers = Channel.CreateUnbounded<byte[]>();
    private byte[] _frame = PinnedPool.Rent(PageantProtocol.PrefixSizeBytes);
    private int _count;
    private ReadOnlyMemory<byte> _unread;
    private bool _isDisposed;

    /// <inheritdoc/>
    /// <exception cref="IOException">The frame's length is impossible, or Pageant has gone or refused it.</exception>
    public override async ValueTask WriteAsync(
        ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        while (!buffer.IsEmpty)
        {
            int taken = Math.Min(buffer.Length, SizeWanted() - _count);
            buffer[..taken].CopyTo(_frame.AsMemory(_count));
            buffer = buffer[taken..];
            _count += taken;
            if (_count > PageantProtocol.PrefixSizeBytes && _count == SizeWanted())
            {
                (byte[] frame, int count) = (_frame, _count);
                (_frame, _count) = (PinnedPool.Rent(PageantProtocol.PrefixSizeBytes), 0);
                byte[] answer = await AskAsync(frame, count).WaitAsync(cancellationToken).ConfigureAwait(false);
                _answers.Writer.TryWrite(answer);
            }
        }
    }

    /// <inheritdoc/>
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        while (_unread.IsEmpty)
        {
            if (!await _answers.Reader.WaitToReadAsync(cancellationToken).ConfigureAwait(false))
            {
                return 0;
            }

            if (_answers.Reader.TryRead(out byte[]? answer))
            {
                _unread = answer;
            }
        }

        int count = Math.Min(buffer.Length, _unread.Length);
        _unread[..count].CopyTo(buffer);
        _unread = _unread[count..];
        return count;
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing && !_isDisposed)
        {
            _isDisposed = true;
            _answers.Writer.TryComplete();
            PinnedPool.Return(_frame);
            _frame = [];
        }

        base.Dispose(disposing);
    }

    /// <summary>How many bytes the frame has as far as is known; makes room for them.</summary>
    private int SizeWanted()
    {
        if (_count < PageantProtocol.PrefixSizeBytes)
        {
            return PageantProtocol.PrefixSizeBytes;
        }

        uint length = BinaryPrimitives.ReadUInt32BigEndian(_frame);
        if (length is 0 or > StreamConnection.MaxBodySizeBytes)
        {
            throw new IOException($"A message of {length} bytes cannot be sent to an agent.");
        }

        int size = PageantProtocol.PrefixSizeBytes + (int)length;
        if (_frame.Length < size)
        {
            byte[] larger = PinnedPool.Rent(size);
            _frame.AsSpan(0, _count).CopyTo(larger);
            PinnedPool.Return(_frame);
            _frame = larger;
        }

        return size;
    }

    /// <summary>Has one frame answered on a thread of its own, which waits as long as Pageant's user does.</summary>
    private static Task<byte[]> AskAsync(byte[] frame, int count) => Task.Factory.StartNew(
        () =>
        {
            try
            {
                return count > PageantProtocol.ClientMappingSizeBytes
                    ? Failure
                    : PageantQuery.Ask(PageantWindowDialer.Find(), frame.AsSpan(0, count));
            }
            catch (ChannelException exception)
            {
                throw new IOException(exception.Message, exception);
            }
            finally
            {
                PinnedPool.Return(frame);
            }
        },
        CancellationToken.None,
        TaskCreationOptions.LongRunning,
        TaskScheduler.Default);
}
