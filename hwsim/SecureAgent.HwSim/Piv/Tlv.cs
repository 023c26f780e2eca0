using System.Buffers.Binary;

namespace SecureAgent.HwSim.Piv;

/// <summary>BER-TLV with definite lengths (ISO/IEC 7816-4, 5.2.2).</summary>
internal static class Tlv
{
    private const int LongTag = 0x1F;

    /// <summary>One object.</summary>
    /// <param name="tag">The tag with all its bytes, such as 0x53 or 0x7F49.</param>
    /// <param name="parts">The value, in pieces.</param>
    public static byte[] Write(int tag, params ReadOnlySpan<byte[]> parts)
    {
        int length = 0;
        foreach (byte[] part in parts)
        {
            length += part.Length;
        }

        List<byte> written = [.. Tag(tag), .. Length(length)];
        foreach (byte[] part in parts)
        {
            written.AddRange(part);
        }

        return [.. written];
    }

    /// <summary>One object of one byte.</summary>
    public static byte[] Write(int tag, byte value) => Write(tag, [value]);

    /// <summary>The objects that <paramref name="data"/> is made of.</summary>
    /// <exception cref="CardError">6A80: it is not made of objects.</exception>
    public static List<(int Tag, byte[] Value)> Read(ReadOnlySpan<byte> data)
    {
        List<(int Tag, byte[] Value)> objects = [];
        while (!data.IsEmpty)
        {
            int tag = ReadTag(ref data);
            int length = ReadLength(ref data);
            CardError.Unless(length <= data.Length, StatusWord.WrongData);
            objects.Add((tag, data[..length].ToArray()));
            data = data[length..];
        }

        return objects;
    }

    /// <summary>The value of the first object with a tag, or <see langword="null"/>.</summary>
    public static byte[]? Find(this List<(int Tag, byte[] Value)> objects, int tag) =>
        objects.Find(found => found.Tag == tag).Value;

    /// <summary>The value of the first object with a tag.</summary>
    /// <exception cref="CardError">6A80: there is none.</exception>
    public static byte[] Get(this List<(int Tag, byte[] Value)> objects, int tag) =>
        objects.Find(tag) ?? throw new CardError(StatusWord.WrongData);

    /// <summary>The value of the first object with a tag, which must be one byte; <paramref name="absent"/> without
    /// one.</summary>
    /// <exception cref="CardError">6A80: it is not one byte.</exception>
    public static byte GetByte(this List<(int Tag, byte[] Value)> objects, int tag, byte absent) =>
        objects.Find(tag) switch
        {
            null => absent,
            [byte value] => value,
            _ => throw new CardError(StatusWord.WrongData),
        };

    private static byte[] Tag(int tag) => tag switch
    {
        <= 0xFF => [(byte)tag],
        <= 0xFFFF => [(byte)(tag >> 8), (byte)tag],
        _ => [(byte)(tag >> 16), (byte)(tag >> 8), (byte)tag],
    };

    private static byte[] Length(int length) => length switch
    {
        < 0x80 => [(byte)length],
        <= 0xFF => [0x81, (byte)length],
        _ => [0x82, (byte)(length >> 8), (byte)length],
    };

    private static int ReadTag(ref ReadOnlySpan<byte> data)
    {
        int tag = data[0];
        int bytes = 1;
        if ((tag & LongTag) == LongTag)
        {
            do
            {
                CardError.Unless(bytes < data.Length && bytes < 3, StatusWord.WrongData);
                tag = (tag << 8) | data[bytes++];
            }
            while ((tag & 0x80) != 0);
        }

        data = data[bytes..];
        return tag;
    }

    private static int ReadLength(ref ReadOnlySpan<byte> data)
    {
        CardError.Unless(!data.IsEmpty, StatusWord.WrongData);
        byte first = data[0];
        int bytes = first switch { < 0x80 => 0, 0x81 => 1, 0x82 => 2, _ => throw new CardError(StatusWord.WrongData) };
        CardError.Unless(data.Length > bytes, StatusWord.WrongData);
        int length = bytes switch
        {
            0 => first,
            1 => data[1],
            _ => BinaryPrimitives.ReadUInt16BigEndian(data[1..]),
        };
        data = data[(1 + bytes)..];
        return length;
    }
}
