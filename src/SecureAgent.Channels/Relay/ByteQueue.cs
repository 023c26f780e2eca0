using System.Security.Cryptography;

namespace SecureAgent.Channels.Relay;

/// <summary>Bytes that wait for somebody to take them, in memory that the collector does not move; zeroed as they leave,
/// because they may be a passphrase or a private key. At most 1 MiB; not thread-safe.</summary>
internal sealed class ByteQueue
{
    private byte[] _buffer = [];
    private int _start;
    private int _end;

    /// <summary>How many wait.</summary>
    public int Count => _end - _start;

    /// <summary>Adds bytes at the end.</summary>
    public void Append(ReadOnlySpan<byte> bytes)
    {
        if (_buffer.Length - _end < bytes.Length)
        {
            MakeRoom(bytes.Length);
        }

        bytes.CopyTo(_buffer.AsSpan(_end));
        _end += bytes.Length;
    }

    /// <summary>Moves bytes from the front to <paramref name="destination"/>.</summary>
    /// <returns>How many.</returns>
    public int Take(Span<byte> destination)
    {
        int count = Math.Min(Count, destination.Length);
        Span<byte> taken = _buffer.AsSpan(_start, count);
        taken.CopyTo(destination);
        CryptographicOperations.ZeroMemory(taken);
        _start += count;
        if (_start == _end)
        {
            Clear();
        }

        return count;
    }

    /// <summary>Forgets all, and gives the memory back.</summary>
    public void Clear()
    {
        if (_buffer.Length > 0)
        {
            PinnedPool.Return(_buffer);
        }

        (_buffer, _start, _end) = ([], 0, 0);
    }

    private void MakeRoom(int count)
    {
        int held = Count;
        if (_start > 0 && _buffer.Length - held >= count)
        {
            _buffer.AsSpan(_start, held).CopyTo(_buffer);
            CryptographicOperations.ZeroMemory(_buffer.AsSpan(held, _end - held));
        }
        else
        {
            byte[] larger = PinnedPool.Rent(held + count);
            _buffer.AsSpan(_start, held).CopyTo(larger);
            Clear();
            _buffer = larger;
        }

        (_start, _end) = (0, held);
    }
}
