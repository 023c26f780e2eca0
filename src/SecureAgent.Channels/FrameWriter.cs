using System.Buffers;
using System.Buffers.Binary;

namespace SecureAgent.Channels;

/// <summary>Collects one answer behind its length prefix, in memory that is rented only while there is an
/// answer.</summary>
internal sealed class FrameWriter : IBufferWriter<byte>
{
    private const int PrefixSizeBytes = sizeof(uint);

    private byte[] _buffer = [];
    private int _count;

    /// <summary>The answer with its prefix (RFC 9987, "requests and responses": uint32 length, byte type,
    /// contents).</summary>
    public ReadOnlyMemory<byte> Complete()
    {
        if (_count == 0)
        {
            throw new InvalidOperationException("The request was not answered.");
        }

        BinaryPrimitives.WriteInt32BigEndian(_buffer, _count - PrefixSizeBytes);
        return _buffer.AsMemory(0, _count);
    }

    /// <summary>Forgets the answer and gives its memory back.</summary>
    public void Release()
    {
        if (_buffer.Length > 0)
        {
            PinnedPool.Return(_buffer);
        }

        (_buffer, _count) = ([], 0);
    }

    public void Advance(int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, _buffer.Length - _count);
        _count += count;
    }

    public Memory<byte> GetMemory(int sizeHint = 0)
    {
        Reserve(sizeHint);
        return _buffer.AsMemory(_count);
    }

    public Span<byte> GetSpan(int sizeHint = 0)
    {
        Reserve(sizeHint);
        return _buffer.AsSpan(_count);
    }

    private void Reserve(int sizeHint)
    {
        int wanted = Math.Max(sizeHint, 1);
        if (_buffer.Length == 0)
        {
            _buffer = PinnedPool.Rent(checked(wanted + PrefixSizeBytes));
            _count = PrefixSizeBytes;
        }
        else if (wanted > _buffer.Length - _count)
        {
            byte[] larger = PinnedPool.Rent(Math.Max(_buffer.Length + 1, checked(_count + wanted)));
            _buffer.AsSpan(0, _count).CopyTo(larger);
            PinnedPool.Return(_buffer);
            _buffer = larger;
        }
    }
}
