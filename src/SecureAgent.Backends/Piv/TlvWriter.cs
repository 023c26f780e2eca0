namespace SecureAgent.Backends.Piv;

/// <summary>Writes BER-TLV data objects into memory of the caller, who zeroes it where it holds secrets.</summary>
internal ref struct TlvWriter
{
    private readonly Span<byte> _buffer;
    private int _length;

    /// <summary>Writes into <paramref name="buffer"/>, which must be long enough (<see cref="SizeOf"/>).</summary>
    public TlvWriter(Span<byte> buffer) => _buffer = buffer;

    /// <summary>What is written so far.</summary>
    public readonly ReadOnlySpan<byte> Written => _buffer[.._length];

    /// <summary>How many bytes a data object takes.</summary>
    public static int SizeOf(int tag, int valueLength) => TagSize(tag) + LengthSize(valueLength) + valueLength;

    /// <summary>Writes a data object.</summary>
    public void Write(int tag, scoped ReadOnlySpan<byte> value)
    {
        WriteHeader(tag, value.Length);
        value.CopyTo(_buffer[_length..]);
        _length += value.Length;
    }

    /// <summary>Writes a data object of one byte.</summary>
    public void Write(int tag, byte value) => Write(tag, [value]);

    /// <summary>Writes tag and length of a data object whose <paramref name="length"/> bytes the caller writes
    /// next.</summary>
    public void WriteHeader(int tag, int length)
    {
        for (int shift = 8 * (TagSize(tag) - 1); shift >= 0; shift -= 8)
        {
            _buffer[_length++] = (byte)(tag >> shift);
        }

        int size = LengthSize(length);
        if (size > 1)
        {
            _buffer[_length++] = (byte)(0x80 | (size - 1));
        }

        for (int shift = 8 * (Math.Max(size - 1, 1) - 1); shift >= 0; shift -= 8)
        {
            _buffer[_length++] = (byte)(length >> shift);
        }
    }

    private static int TagSize(int tag) => tag <= 0xFF ? 1 : tag <= 0xFFFF ? 2 : 3;

    private static int LengthSize(int length) => length < 0x80 ? 1 : length <= 0xFF ? 2 : length <= 0xFFFF ? 3 : 4;
}
