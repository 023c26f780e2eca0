namespace SecureAgent.Backends.Piv;

/// <summary>Reads BER-TLV data objects as cards write them (ISO 7816-4, 5.2.2): tags of one to three bytes, definite
/// lengths of at most three bytes. What a hostile card sends ends in a <see cref="PivException"/> at worst.</summary>
internal ref struct TlvReader
{
    private const int MultipleBytes = 0x1F;
    private ReadOnlySpan<byte> _rest;

    /// <summary>Reads <paramref name="bytes"/> from their start.</summary>
    public TlvReader(ReadOnlySpan<byte> bytes) => _rest = bytes;

    /// <summary>Whether nothing is left.</summary>
    public readonly bool IsEmpty => _rest.IsEmpty;

    /// <summary>Takes the next data object.</summary>
    /// <param name="tag">Its tag, first byte uppermost, such as <c>0x7F49</c>.</param>
    /// <returns>Its value.</returns>
    /// <exception cref="PivException">It ends before its content does, or is encoded in another way.</exception>
    public ReadOnlySpan<byte> Read(out int tag)
    {
        tag = ReadByte();
        if ((tag & MultipleBytes) == MultipleBytes)
        {
            int next;
            int count = 1;
            do
            {
                Require(++count <= 3);
                next = ReadByte();
                tag = (tag << 8) | next;
            }
            while ((next & 0x80) != 0);
        }

        return Take(ReadLength());
    }

    /// <summary>Takes the next data object, which must have <paramref name="tag"/>.</summary>
    /// <exception cref="PivException">It does not, or is malformed.</exception>
    public ReadOnlySpan<byte> Read(int tag)
    {
        ReadOnlySpan<byte> value = Read(out int found);
        Require(found == tag);
        return value;
    }

    /// <summary>The value of the first data object in <paramref name="content"/> that has
    /// <paramref name="tag"/>.</summary>
    /// <exception cref="PivException">Something before it is malformed.</exception>
    public static bool TryFind(ReadOnlySpan<byte> content, int tag, out ReadOnlySpan<byte> value)
    {
        TlvReader reader = new(content);
        while (!reader.IsEmpty)
        {
            value = reader.Read(out int found);
            if (found == tag)
            {
                return true;
            }
        }

        value = default;
        return false;
    }

    private int ReadLength()
    {
        int first = ReadByte();
        switch (first)
        {
            case < 0x80:
                return first;
            case 0x81:
                return ReadByte();
            case 0x82:
                return (ReadByte() << 8) | ReadByte();
            case 0x83:
                return (ReadByte() << 16) | (ReadByte() << 8) | ReadByte();
            default:
                throw Malformed();
        }
    }

    private byte ReadByte() => Take(1)[0];

    private ReadOnlySpan<byte> Take(int count)
    {
        Require(count <= _rest.Length);
        ReadOnlySpan<byte> taken = _rest[..count];
        _rest = _rest[count..];
        return taken;
    }

    private static void Require(bool condition)
    {
        if (!condition)
        {
            throw Malformed();
        }
    }

    private static PivException Malformed() => new("The card's answer is no well-formed data object.");
}
