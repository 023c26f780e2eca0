using System.Buffers.Binary;
using System.Text;

namespace SecureAgent.Wire;

/// <summary>Reads the data types of RFC 4251 section 5 from a buffer, without allocating. Every method names the field
/// it was asked for in the <see cref="WireFormatException"/> it throws, and consumes nothing when it throws.</summary>
public ref struct WireReader
{
    private static readonly UTF8Encoding StrictUtf8 = new(false, throwOnInvalidBytes: true);

    private readonly ReadOnlySpan<byte> _bytes;
    private readonly ReadOnlyMemory<byte> _memory;
    private readonly bool _hasMemory;
    private int _position;

    /// <summary>Reads <paramref name="bytes"/> from its start.</summary>
    public WireReader(ReadOnlySpan<byte> bytes) => _bytes = bytes;

    /// <summary>Reads <paramref name="bytes"/> from its start and can hand out slices that outlive the
    /// reader.</summary>
    public WireReader(ReadOnlyMemory<byte> bytes)
    {
        _bytes = bytes.Span;
        _memory = bytes;
        _hasMemory = true;
    }

    /// <summary>Bytes read so far.</summary>
    public readonly int Consumed => _position;

    /// <summary>Bytes not read yet.</summary>
    public readonly int Remaining => _bytes.Length - _position;

    /// <summary>Reads one byte.</summary>
    /// <exception cref="WireFormatException">Nothing is left.</exception>
    public byte ReadByte(string field)
    {
        Require(1, field);
        return _bytes[_position++];
    }

    /// <summary>Reads a boolean; every value but 0 is true (RFC 4251 section 5).</summary>
    /// <exception cref="WireFormatException">Nothing is left.</exception>
    public bool ReadBoolean(string field) => ReadByte(field) != 0;

    /// <summary>Reads a big-endian 32-bit number.</summary>
    /// <exception cref="WireFormatException">Fewer than 4 bytes are left.</exception>
    public uint ReadUInt32(string field)
    {
        Require(4, field);
        uint value = BinaryPrimitives.ReadUInt32BigEndian(_bytes[_position..]);
        _position += 4;
        return value;
    }

    /// <summary>Reads a big-endian 64-bit number.</summary>
    /// <exception cref="WireFormatException">Fewer than 8 bytes are left.</exception>
    public ulong ReadUInt64(string field)
    {
        Require(8, field);
        ulong value = BinaryPrimitives.ReadUInt64BigEndian(_bytes[_position..]);
        _position += 8;
        return value;
    }

    /// <summary>Reads a string: 4 bytes of length, then that many bytes.</summary>
    /// <returns>The bytes, in the buffer that is read.</returns>
    /// <exception cref="WireFormatException">The length is larger than what is left or than
    /// <paramref name="limit"/>.</exception>
    public ReadOnlySpan<byte> ReadString(string field, int limit = int.MaxValue)
    {
        (int start, int length) = ReadRange(field, limit);
        return _bytes.Slice(start, length);
    }

    /// <summary>As <see cref="ReadString"/>, for slices that are kept.</summary>
    /// <exception cref="WireFormatException">As for <see cref="ReadString"/>.</exception>
    /// <exception cref="InvalidOperationException">The reader was made from a span.</exception>
    public ReadOnlyMemory<byte> ReadStringMemory(string field, int limit = int.MaxValue)
    {
        RequireMemory();
        (int start, int length) = ReadRange(field, limit);
        return _memory.Slice(start, length);
    }

    /// <summary>Reads a string that is text: strict UTF-8 without a NUL. A NUL would end the text early in programs
    /// written in C, so that two programs would see two different names.</summary>
    /// <param name="field">Name of the field, for the exception.</param>
    /// <param name="limit">Largest length in bytes.</param>
    /// <exception cref="WireFormatException">It is not, or is longer than <paramref name="limit"/>.</exception>
    public string ReadUtf8(string field, int limit)
    {
        int before = _position;
        ReadOnlySpan<byte> bytes = ReadString(field, limit);
        try
        {
            if (!bytes.Contains((byte)0))
            {
                return StrictUtf8.GetString(bytes);
            }
        }
        catch (DecoderFallbackException)
        {
            // Said below: a text with a NUL and one that is not UTF-8 are refused alike.
        }

        _position = before;
        throw new WireFormatException($"{field}: not UTF-8 text");
    }

    /// <summary>Reads a non-negative multiple precision integer in its only canonical form (RFC 4251 section
    /// 5).</summary>
    /// <returns>Its magnitude, big-endian, without leading zeros; empty for 0.</returns>
    /// <exception cref="WireFormatException">It is negative, has a needless leading zero, or is longer than
    /// <paramref name="limitBits"/>.</exception>
    public ReadOnlySpan<byte> ReadMpint(string field, int limitBits = WireLimits.MaxRsaModulusBits)
    {
        (int start, int length) = ReadMpintRange(field, limitBits);
        return _bytes.Slice(start, length);
    }

    /// <summary>As <see cref="ReadMpint"/>, for slices that are kept.</summary>
    /// <exception cref="WireFormatException">As for <see cref="ReadMpint"/>.</exception>
    /// <exception cref="InvalidOperationException">The reader was made from a span.</exception>
    public ReadOnlyMemory<byte> ReadMpintMemory(string field, int limitBits = WireLimits.MaxRsaModulusBits)
    {
        RequireMemory();
        (int start, int length) = ReadMpintRange(field, limitBits);
        return _memory.Slice(start, length);
    }

    /// <summary>Reads <paramref name="count"/> bytes that have no length before them.</summary>
    /// <exception cref="WireFormatException">Fewer are left.</exception>
    public ReadOnlySpan<byte> ReadBytes(string field, int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        Require(count, field);
        _position += count;
        return _bytes.Slice(_position - count, count);
    }

    /// <summary>Takes all that is left.</summary>
    /// <exception cref="InvalidOperationException">The reader was made from a span.</exception>
    public ReadOnlyMemory<byte> ReadRestMemory()
    {
        RequireMemory();
        ReadOnlyMemory<byte> rest = _memory[_position..];
        _position = _bytes.Length;
        return rest;
    }

    /// <summary>Checks that nothing is left.</summary>
    /// <exception cref="WireFormatException">Something is.</exception>
    public readonly void RequireEnd(string field)
    {
        if (Remaining != 0)
        {
            throw new WireFormatException($"{field}: {Remaining} bytes too many");
        }
    }

    private (int Start, int Length) ReadRange(string field, int limit)
    {
        Require(4, field);
        uint length = BinaryPrimitives.ReadUInt32BigEndian(_bytes[_position..]);
        // Compared, never added: a length near 2^31 or 2^32 must not wrap around.
        if (length > (uint)(Remaining - 4))
        {
            throw new WireFormatException($"{field}: says {length} bytes where {Remaining - 4} are left");
        }

        if (length > (uint)limit)
        {
            throw new WireFormatException($"{field}: {length} bytes, at most {limit} are allowed");
        }

        int start = _position + 4;
        _position = start + (int)length;
        return (start, (int)length);
    }

    private (int Start, int Length) ReadMpintRange(string field, int limitBits)
    {
        int before = _position;
        (int start, int length) = ReadRange(field, int.MaxValue);
        ReadOnlySpan<byte> value = _bytes.Slice(start, length);
        string? fault = null;
        if (length > 0 && (value[0] & 0x80) != 0)
        {
            fault = "negative";
        }
        else if (length > 0 && value[0] == 0)
        {
            fault = length == 1 || (value[1] & 0x80) == 0 ? "needless leading zero" : null;
            (start, length) = (start + 1, length - 1);
        }

        if (fault is null && length > limitBits / 8)
        {
            fault = $"more than {limitBits} bits";
        }

        if (fault is not null)
        {
            _position = before;
            throw new WireFormatException($"{field}: {fault}");
        }

        return (start, length);
    }

    private readonly void Require(int count, string field)
    {
        if (count > Remaining)
        {
            throw new WireFormatException($"{field}: {Remaining} bytes left, {count} needed");
        }
    }

    private readonly void RequireMemory()
    {
        if (!_hasMemory)
        {
            throw new InvalidOperationException("A reader over a span has no memory to slice.");
        }
    }
}
