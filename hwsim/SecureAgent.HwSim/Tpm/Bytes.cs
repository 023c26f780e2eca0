namespace SecureAgent.HwSim.Tpm;

/// <summary>Octet strings.</summary>
internal static class Bytes
{
    /// <summary><paramref name="parts"/> one after the other.</summary>
    public static byte[] Concat(params ReadOnlySpan<byte[]> parts)
    {
        int length = 0;
        foreach (byte[] part in parts)
        {
            length = checked(length + part.Length);
        }

        byte[] all = new byte[length];
        int position = 0;
        foreach (byte[] part in parts)
        {
            part.CopyTo(all, position);
            position += part.Length;
        }

        return all;
    }

    /// <summary><paramref name="value"/> without trailing zeros, as authValues are kept and compared (Part 1, 19.6.4.3).</summary>
    public static byte[] TrimAuth(byte[] value) => value.AsSpan().TrimEnd((byte)0).ToArray();

    /// <summary><paramref name="value"/> with zeros in front, or without the zeros in front, so that it has <paramref name="length"/> octets.</summary>
    public static byte[] LeftPad(ReadOnlySpan<byte> value, int length)
    {
        ReadOnlySpan<byte> significant = value.TrimStart((byte)0);
        byte[] padded = new byte[length];
        significant.CopyTo(padded.AsSpan(length - significant.Length));
        return padded;
    }

    /// <summary>A big-endian UINT16.</summary>
    public static byte[] UInt16(ushort value) => [(byte)(value >> 8), (byte)value];

    /// <summary>A big-endian UINT32.</summary>
    public static byte[] UInt32(uint value) => [(byte)(value >> 24), (byte)(value >> 16), (byte)(value >> 8), (byte)value];
}
