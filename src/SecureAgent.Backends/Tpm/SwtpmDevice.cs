using System.Buffers.Binary;
using System.Net;

namespace SecureAgent.Backends.Tpm;

/// <summary>swtpm's data channel: bare TPM frames over a TCP or unix socket.</summary>
internal sealed class SwtpmDevice : ITpmDevice
{
    private readonly TpmSocket _socket;
    private readonly TimeSpan _limit;

    /// <summary>Connects to a running swtpm.</summary>
    /// <param name="endpoint">Where it listens.</param>
    /// <param name="name">The device as the user wrote it.</param>
    /// <param name="limit">How long an answer may take; ten times that for a command that makes a key.</param>
    public SwtpmDevice(EndPoint endpoint, string name, TimeSpan limit)
    {
        _limit = limit;
        _socket = TpmSocket.Connect(endpoint, name);
    }

    /// <inheritdoc />
    public int Transmit(ReadOnlySpan<byte> command, Span<byte> response)
    {
        _socket.Begin(TpmCommandDuration.Limit(command, _limit));
        _socket.Send(command);
        _socket.ReceiveExactly(response[..TpmTransport.HeaderBytes]);
        uint size = BinaryPrimitives.ReadUInt32BigEndian(response[2..]);
        if (size < TpmTransport.HeaderBytes || size > (uint)response.Length)
        {
            throw _socket.OutOfFrame();
        }

        _socket.ReceiveExactly(response[TpmTransport.HeaderBytes..(int)size]);
        return (int)size;
    }

    /// <inheritdoc />
    public void Dispose() => _socket.Dispose();
}
