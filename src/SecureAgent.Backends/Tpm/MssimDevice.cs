using System.Buffers.Binary;
using System.Net;

namespace SecureAgent.Backends.Tpm;

/// <summary>The Microsoft simulator's protocol: TPM commands on one port, power and NV on the next.</summary>
internal sealed class MssimDevice : ITpmDevice
{
    private const uint TPM_SIGNAL_POWER_ON = 1;
    private const uint TPM_SEND_COMMAND = 8;
    private const uint TPM_SIGNAL_NV_ON = 11;
    private const uint TPM_SESSION_END = 20;

    private readonly TpmSocket _commandSocket;
    private readonly TimeSpan _limit;

    /// <summary>Connects, and switches the simulator on, which does nothing where it is on.</summary>
    /// <param name="host">Host name or address.</param>
    /// <param name="port">The command port; the platform port is the next.</param>
    /// <param name="name">The device as the user wrote it.</param>
    /// <param name="limit">How long an answer may take; ten times that for a command that makes a key.</param>
    public MssimDevice(string host, int port, string name, TimeSpan limit)
    {
        _limit = limit;
        using TpmSocket platform = TpmSocket.Connect(new DnsEndPoint(host, port + 1), name);
        platform.Begin(limit);
        Signal(platform, TPM_SIGNAL_POWER_ON);
        Signal(platform, TPM_SIGNAL_NV_ON);
        SendUInt32(platform, TPM_SESSION_END);
        _commandSocket = TpmSocket.Connect(new DnsEndPoint(host, port), name);
    }

    // UINT32 TPM_SEND_COMMAND, BYTE locality, UINT32 size, command → UINT32 size, response, UINT32 0

    /// <inheritdoc />
    public int Transmit(ReadOnlySpan<byte> command, Span<byte> response)
    {
        _commandSocket.Begin(TpmCommandDuration.Limit(command, _limit));
        Span<byte> frame = stackalloc byte[9 + command.Length];
        BinaryPrimitives.WriteUInt32BigEndian(frame, TPM_SEND_COMMAND);
        frame[4] = 0;
        BinaryPrimitives.WriteUInt32BigEndian(frame[5..], (uint)command.Length);
        command.CopyTo(frame[9..]);
        _commandSocket.Send(frame);
        uint size = ReceiveUInt32(_commandSocket);
        if (size < TpmTransport.HeaderBytes || size > (uint)response.Length)
        {
            throw _commandSocket.OutOfFrame();
        }

        _commandSocket.ReceiveExactly(response[..(int)size]);
        if (ReceiveUInt32(_commandSocket) != 0)
        {
            throw _commandSocket.OutOfFrame();
        }

        return (int)size;
    }

    /// <inheritdoc />
    public void Dispose()
    {
        try
        {
            _commandSocket.Begin(TimeSpan.FromSeconds(1));
            SendUInt32(_commandSocket, TPM_SESSION_END);
        }
        catch (TpmDeviceLostException)
        {
            // It hung up first.
        }

        _commandSocket.Dispose();
    }

    private static void Signal(TpmSocket platform, uint signal)
    {
        SendUInt32(platform, signal);
        if (ReceiveUInt32(platform) != 0)
        {
            throw platform.OutOfFrame();
        }
    }

    private static void SendUInt32(TpmSocket socket, uint value)
    {
        Span<byte> bytes = stackalloc byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(bytes, value);
        socket.Send(bytes);
    }

    private static uint ReceiveUInt32(TpmSocket socket)
    {
        Span<byte> bytes = stackalloc byte[4];
        socket.ReceiveExactly(bytes);
        return BinaryPrimitives.ReadUInt32BigEndian(bytes);
    }
}
