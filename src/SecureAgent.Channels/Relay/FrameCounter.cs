using System.Buffers.Binary;

namespace SecureAgent.Channels.Relay;

/// <summary>Counts the whole agent frames (uint32 length, body) in bytes that pass by in any pieces, without keeping
/// them.</summary>
internal sealed class FrameCounter
{
    private readonly byte[] _prefix = new byte[sizeof(uint)];
    private int _prefixBytes;
    private uint _bodyLeft;

    /// <summary>Whole frames so far.</summary>
    public long Frames { get; private set; }

    /// <summary>Whether a length was impossible, after which nothing can be counted: an agent closes the
    /// connection.</summary>
    public bool IsBroken { get; private set; }

    /// <summary>Takes the next bytes.</summary>
    public void Add(ReadOnlySpan<byte> bytes)
    {
        while (bytes.Length > 0 && !IsBroken)
        {
            if (_prefixBytes < _prefix.Length)
            {
                int count = Math.Min(_prefix.Length - _prefixBytes, bytes.Length);
                bytes[..count].CopyTo(_prefix.AsSpan(_prefixBytes));
                _prefixBytes += count;
                bytes = bytes[count..];
                if (_prefixBytes == _prefix.Length)
                {
                    _bodyLeft = BinaryPrimitives.ReadUInt32BigEndian(_prefix);
                    IsBroken = _bodyLeft is 0 or > StreamConnection.MaxBodySizeBytes;
                }

                continue;
            }

            int body = (int)Math.Min(_bodyLeft, (uint)bytes.Length);
            _bodyLeft -= (uint)body;
            bytes = bytes[body..];
            if (_bodyLeft == 0)
            {
                Frames++;
                _prefixBytes = 0;
            }
        }
    }
}
