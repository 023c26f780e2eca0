using System.Buffers.Binary;
using System.Net.Sockets;

namespace SecureAgent.HwSim.Servers;

/// <summary>One client of a server: exact reads and writes. A client may rest between two frames for as long as it
/// likes; within a frame each step has a deadline, so that half a frame holds nothing for ever.</summary>
internal sealed class Connection : IDisposable
{
    private static readonly TimeSpan FrameDeadline = TimeSpan.FromSeconds(30);

    // <linux/tcp.h>: acknowledge what arrives at once. Linux forgets it, so it is asked for before every read.
    private const int IPPROTO_TCP = 6;
    private const int TCP_QUICKACK = 12;

    private readonly Socket _socket;
    private readonly NetworkStream _stream;
    private readonly CancellationToken _stopping;

    public Connection(Socket socket, CancellationToken stopping)
    {
        if (socket.ProtocolType == ProtocolType.Tcp)
        {
            socket.NoDelay = true;
            // A client whose machine went away without a word is noticed.
            socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive, true);
        }

        _socket = socket;
        _stream = new NetworkStream(socket, ownsSocket: true);
        _stopping = stopping;
    }

    /// <summary>Fills <paramref name="buffer"/> with the first bytes of a frame.</summary>
    /// <returns><see langword="false"/> if the client closed the connection between two frames.</returns>
    public async ValueTask<bool> TryReadFirstAsync(Memory<byte> buffer)
    {
        AcknowledgeAtOnce();
        int first = await _stream.ReadAtLeastAsync(buffer, 1, throwOnEndOfStream: false, _stopping)
            .ConfigureAwait(false);
        if (first == 0)
        {
            return false;
        }

        await ReadExactlyAsync(buffer[first..]).ConfigureAwait(false);
        return true;
    }

    /// <summary>Fills <paramref name="buffer"/> with further bytes of a frame.</summary>
    /// <exception cref="EndOfStreamException">The client closed the connection inside the frame.</exception>
    /// <exception cref="OperationCanceledException">The server stops, or the client was too slow.</exception>
    public async ValueTask ReadExactlyAsync(Memory<byte> buffer)
    {
        using CancellationTokenSource deadline = CancellationTokenSource.CreateLinkedTokenSource(_stopping);
        deadline.CancelAfter(FrameDeadline);
        AcknowledgeAtOnce();
        await _stream.ReadExactlyAsync(buffer, deadline.Token).ConfigureAwait(false);
    }

    /// <summary>Reads one big-endian 32-bit number of a frame.</summary>
    public async ValueTask<uint> ReadUInt32Async()
    {
        byte[] buffer = new byte[sizeof(uint)];
        await ReadExactlyAsync(buffer).ConfigureAwait(false);
        return BinaryPrimitives.ReadUInt32BigEndian(buffer);
    }

    /// <summary>Sends all of <paramref name="bytes"/>.</summary>
    /// <exception cref="OperationCanceledException">The server stops, or the client does not read.</exception>
    public async ValueTask WriteAsync(ReadOnlyMemory<byte> bytes)
    {
        using CancellationTokenSource deadline = CancellationTokenSource.CreateLinkedTokenSource(_stopping);
        deadline.CancelAfter(FrameDeadline);
        await _stream.WriteAsync(bytes, deadline.Token).ConfigureAwait(false);
    }

    /// <summary>Sends big-endian 32-bit numbers.</summary>
    public ValueTask WriteUInt32Async(params ReadOnlySpan<uint> values)
    {
        byte[] bytes = new byte[values.Length * sizeof(uint)];
        for (int i = 0; i < values.Length; i++)
        {
            BinaryPrimitives.WriteUInt32BigEndian(bytes.AsSpan(i * sizeof(uint)), values[i]);
        }

        return WriteAsync(bytes);
    }

    public void Dispose() => _stream.Dispose();

    /// <summary>libtss2-tcti-mssim sends a command in two pieces and, by Nagle's algorithm, the second only when the
    /// first is
    /// acknowledged: Linux would take 40 ms for that.</summary>
    private void AcknowledgeAtOnce()
    {
        if (OperatingSystem.IsLinux() && _socket.ProtocolType == ProtocolType.Tcp)
        {
            _socket.SetRawSocketOption(IPPROTO_TCP, TCP_QUICKACK, BitConverter.GetBytes(1));
        }
    }
}
