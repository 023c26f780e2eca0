using System.Buffers.Binary;

namespace SecureAgent.Channels.Relay;

/// <summary>Head of a frame of the relay protocol, and its limits (docs/relay.md): <c>byte type, uint32 connection,
/// uint32 length</c>, big-endian, then so many bytes.</summary>
/// <param name="Type">What it is.</param>
/// <param name="Connection">Number of the connection; 0 where it is about none.</param>
/// <param name="Length">Size of the payload in bytes.</param>
internal readonly record struct RelayFrame(RelayFrameType Type, uint Connection, uint Length)
{
    /// <summary>Size of a head.</summary>
    public const int HeadSizeBytes = 9;

    /// <summary>Largest payload of <see cref="RelayFrameType.Data"/>.</summary>
    public const int MaxDataBytes = 16 * 1024;

    /// <summary>Largest introduction of a client.</summary>
    public const int MaxIntroductionBytes = 8 * 1024;

    /// <summary>How many bytes of a connection may be under way in one direction before the receiver has asked for
    /// more.</summary>
    public const int WindowBytes = 64 * 1024;

    /// <summary>Most connections at the same time.</summary>
    public const int MaxConnections = 4096;

    /// <summary>Size of the payload of <see cref="RelayFrameType.Ping"/> and <see cref="RelayFrameType.Pong"/>.</summary>
    public const int PingBytes = sizeof(ulong);

    /// <summary>Reads a head.</summary>
    /// <exception cref="RelayProtocolException">No such frame exists.</exception>
    public static RelayFrame Read(ReadOnlySpan<byte> head)
    {
        RelayFrame frame = new(
            (RelayFrameType)head[0],
            BinaryPrimitives.ReadUInt32BigEndian(head[1..]),
            BinaryPrimitives.ReadUInt32BigEndian(head[5..]));
        (uint Least, uint Most) size = frame.Type switch
        {
            RelayFrameType.Open => (0u, (uint)MaxIntroductionBytes),
            RelayFrameType.Data => (1u, (uint)MaxDataBytes),
            RelayFrameType.End or RelayFrameType.Reset => (0u, 0u),
            RelayFrameType.Credit => ((uint)sizeof(uint), (uint)sizeof(uint)),
            RelayFrameType.Ping or RelayFrameType.Pong => ((uint)PingBytes, (uint)PingBytes),
            _ => throw new RelayProtocolException($"it sent a frame of the unknown type {head[0]}"),
        };
        if (frame.Length < size.Least || frame.Length > size.Most)
        {
            throw new RelayProtocolException($"it sent a {frame.Type} frame of {frame.Length} bytes");
        }

        bool isOfConnection = frame.Type is not (RelayFrameType.Ping or RelayFrameType.Pong);
        return isOfConnection == (frame.Connection != 0)
            ? frame
            : throw new RelayProtocolException($"it sent a {frame.Type} frame for connection {frame.Connection}");
    }

    /// <summary>Writes the head.</summary>
    public void Write(Span<byte> head)
    {
        head[0] = (byte)Type;
        BinaryPrimitives.WriteUInt32BigEndian(head[1..], Connection);
        BinaryPrimitives.WriteUInt32BigEndian(head[5..], Length);
    }
}
