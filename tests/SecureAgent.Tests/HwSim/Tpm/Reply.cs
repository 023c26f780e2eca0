using System.Buffers.Binary;

namespace SecureAgent.Tests.HwSim.Tpm;

/// <summary>A response as bytes, taken apart by these tests alone.</summary>
internal sealed class Reply
{
    private const int HeaderSize = 10;
    private readonly byte[] _bytes;
    private int _position = HeaderSize;

    public Reply(byte[] bytes, bool hasHandle)
    {
        _bytes = bytes;
        Assert.Equal(bytes.Length, BinaryPrimitives.ReadInt32BigEndian(bytes.AsSpan(2)));
        if (Code != 0)
        {
            Assert.Equal(HeaderSize, bytes.Length);
            return;
        }

        Handle = hasHandle ? U32() : 0;
        bool hasSessions = BinaryPrimitives.ReadUInt16BigEndian(bytes) == 0x8002;
        int length = hasSessions ? (int)U32() : bytes.Length - _position;
        Parameters = bytes[_position..(_position + length)];
        Sessions = bytes[(_position + length)..];
    }

    public uint Code => BinaryPrimitives.ReadUInt32BigEndian(_bytes.AsSpan(6));

    public uint Handle { get; }

    /// <summary>The parameter area, still encrypted if a session encrypts it.</summary>
    public byte[] Parameters { get; } = [];

    /// <summary>The authorization area.</summary>
    public byte[] Sessions { get; } = [];

    public byte[] Bytes => _bytes;

    /// <summary>The next TPM2B of the parameters.</summary>
    public byte[] Sized()
    {
        int length = BinaryPrimitives.ReadUInt16BigEndian(_bytes.AsSpan(_position));
        _position += 2 + length;
        return _bytes[(_position - length).._position];
    }

    /// <summary>What is left of the parameters.</summary>
    public byte[] Rest() => _bytes[_position..(_bytes.Length - Sessions.Length)];

    private uint U32()
    {
        _position += 4;
        return BinaryPrimitives.ReadUInt32BigEndian(_bytes.AsSpan(_position - 4));
    }
}
