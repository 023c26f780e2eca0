using System.Buffers;
using System.Buffers.Binary;
using System.Text;

namespace SecureAgent.Wire;

/// <summary>Writes the data types of RFC 4251 section 5. The counterpart of <see cref="WireReader"/>.</summary>
public readonly ref struct WireWriter
{
    private readonly IBufferWriter<byte> _output;

    /// <summary>Appends to <paramref name="output"/>.</summary>
    public WireWriter(IBufferWriter<byte> output)
    {
        ArgumentNullException.ThrowIfNull(output);
        _output = output;
    }

    /// <summary>Writes one byte.</summary>
    public void WriteByte(byte value)
    {
        _output.GetSpan(1)[0] = value;
        _output.Advance(1);
    }

    /// <summary>Writes a boolean as 0 or 1.</summary>
    public void WriteBoolean(bool value) => WriteByte(value ? (byte)1 : (byte)0);

    /// <summary>Writes a big-endian 32-bit number.</summary>
    public void WriteUInt32(uint value)
    {
        BinaryPrimitives.WriteUInt32BigEndian(_output.GetSpan(4), value);
        _output.Advance(4);
    }

    /// <summary>Writes a big-endian 64-bit number.</summary>
    public void WriteUInt64(ulong value)
    {
        BinaryPrimitives.WriteUInt64BigEndian(_output.GetSpan(8), value);
        _output.Advance(8);
    }

    /// <summary>Writes bytes without a length before them.</summary>
    public void WriteBytes(ReadOnlySpan<byte> bytes) => _output.Write(bytes);

    /// <summary>Writes a string: 4 bytes of length, then the bytes.</summary>
    public void WriteString(ReadOnlySpan<byte> bytes)
    {
        WriteUInt32((uint)bytes.Length);
        _output.Write(bytes);
    }

    /// <summary>Writes text as a string of UTF-8.</summary>
    public void WriteUtf8(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        int length = Encoding.UTF8.GetByteCount(text);
        WriteUInt32((uint)length);
        Encoding.UTF8.GetBytes(text, _output.GetSpan(length));
        _output.Advance(length);
    }

    /// <summary>Writes a non-negative multiple precision integer in canonical form.</summary>
    /// <param name="magnitude">The number, unsigned and big-endian; leading zeros are dropped.</param>
    public void WriteMpint(ReadOnlySpan<byte> magnitude)
    {
        ReadOnlySpan<byte> trimmed = magnitude.TrimStart((byte)0);
        bool pad = trimmed.Length > 0 && (trimmed[0] & 0x80) != 0;
        WriteUInt32((uint)trimmed.Length + (pad ? 1u : 0u));
        if (pad)
        {
            WriteByte(0);
        }

        _output.Write(trimmed);
    }
}
