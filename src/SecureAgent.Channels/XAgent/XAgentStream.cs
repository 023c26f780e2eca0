using System.Buffers.Binary;

namespace SecureAgent.Channels.XAgent;

/// <summary>A connection of Xshell's, whose sign requests may end without flags: they are put behind, as none set. All
/// else is passed on as it is.</summary>
/// <param name="inner">The connection; disposed with this.</param>
internal sealed class XAgentStream(Stream inner) : ConnectionStream
{
    private const int PrefixSizeBytes = sizeof(uint);
    private const int FlagsSizeBytes = sizeof(uint);
    private const byte SSH_AGENTC_SIGN_REQUEST = 13;

    // Longer ones are refused by who reads them, whatever they are.
    private const int LargestFrameBytes = 256 * 1024;

    // What is held of a frame, which may be a private key: rented, and given back before the next is read.
    private byte[] _frame = [];
    private int _start;
    private int _end;
    private long _passing;

    /// <inheritdoc/>
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (_start == _end && _passing == 0)
        {
            try
            {
                await ReadFrameAsync(cancellationToken).ConfigureAwait(false);
            }
            catch
            {
                Release();
                throw;
            }
        }

        if (_start < _end)
        {
            int count = Math.Min(buffer.Length, _end - _start);
            _frame.AsMemory(_start, count).CopyTo(buffer);
            _start += count;
            if (_start == _end)
            {
                Release();
            }

            return count;
        }

        int most = (int)Math.Min(buffer.Length, _passing);
        int read = await inner.ReadAsync(buffer[..most], cancellationToken).ConfigureAwait(false);
        _passing -= read;
        return read;
    }

    /// <inheritdoc/>
    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) =>
        inner.WriteAsync(buffer, cancellationToken);

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        inner.Dispose(); // A read that waits in it ends, and releases what is held.
        base.Dispose(disposing);
    }

    // Holds a whole frame, or the length of one that is too long, or what came of one before the end.
    private async ValueTask ReadFrameAsync(CancellationToken ct)
    {
        _frame = PinnedPool.Rent(PrefixSizeBytes);
        await FillAsync(PrefixSizeBytes, ct).ConfigureAwait(false);
        if (_end < PrefixSizeBytes)
        {
            return;
        }

        uint length = BinaryPrimitives.ReadUInt32BigEndian(_frame);
        if (length is 0 or > LargestFrameBytes)
        {
            _passing = length;
            return;
        }

        int size = PrefixSizeBytes + (int)length;
        if (_frame.Length < size + FlagsSizeBytes)
        {
            byte[] larger = PinnedPool.Rent(size + FlagsSizeBytes);
            _frame.AsSpan(0, _end).CopyTo(larger);
            PinnedPool.Return(_frame);
            _frame = larger;
        }

        await FillAsync(size, ct).ConfigureAwait(false);
        if (_end == size && LacksFlags(_frame.AsSpan(PrefixSizeBytes, (int)length)))
        {
            _frame.AsSpan(size, FlagsSizeBytes).Clear();
            _end += FlagsSizeBytes;
            BinaryPrimitives.WriteUInt32BigEndian(_frame, length + FlagsSizeBytes);
        }
    }

    private async ValueTask FillAsync(int count, CancellationToken ct)
    {
        int missing = count - _end;
        _end += await inner.ReadAtLeastAsync(
            _frame.AsMemory(_end, missing), missing, throwOnEndOfStream: false, ct).ConfigureAwait(false);
    }

    private void Release()
    {
        PinnedPool.Return(_frame);
        (_frame, _start, _end) = ([], 0, 0);
    }

    // byte 13, string key blob, string data, and nothing behind.
    private static bool LacksFlags(ReadOnlySpan<byte> body)
    {
        if (body[0] != SSH_AGENTC_SIGN_REQUEST)
        {
            return false;
        }

        ReadOnlySpan<byte> rest = body[1..];
        for (int i = 0; i < 2; i++)
        {
            if (rest.Length < sizeof(uint))
            {
                return false;
            }

            uint length = BinaryPrimitives.ReadUInt32BigEndian(rest);
            rest = rest[sizeof(uint)..];
            if (length > rest.Length)
            {
                return false;
            }

            rest = rest[(int)length..];
        }

        return rest.IsEmpty;
    }
}
