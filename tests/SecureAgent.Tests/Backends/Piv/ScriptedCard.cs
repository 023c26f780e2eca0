using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;

namespace SecureAgent.Tests.Backends.Piv;

/// <summary>A card in a reader of vpcd that answers as a test says; disposing takes it out.</summary>
internal sealed class ScriptedCard : IDisposable
{
    /// <summary>T=1, with two historical bytes.</summary>
    public static readonly byte[] Atr = [0x3B, 0x82, 0x01, (byte)'S', (byte)'A', 0x11];

    private const int TcpQuickAck = 12;

    private readonly Socket _socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp)
    {
        NoDelay = true,
    };
    private readonly Func<byte[], byte[]?> _answer;
    private readonly Task _serving;

    /// <param name="port">The reader's port.</param>
    /// <param name="answer">The response to a command; none takes the card out.</param>
    public ScriptedCard(int port, Func<byte[], byte[]?>? answer = null)
    {
        _answer = answer ?? (_ => [0x90, 0x00]);
        _socket.Connect(IPAddress.Loopback, port);
        _serving = Task.Factory.StartNew(
            Serve, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
    }

    /// <summary>How often it was reset or got power.</summary>
    public int Resets { get; private set; }

    public void Dispose()
    {
        try
        {
            _socket.Shutdown(SocketShutdown.Both);
        }
        catch (SocketException)
        {
            // The daemon has gone.
        }

        _serving.Wait();
        _socket.Dispose();
    }

    private void Serve()
    {
        byte[] length = new byte[2];
        try
        {
            while (Fill(length))
            {
                byte[] message = new byte[BinaryPrimitives.ReadUInt16BigEndian(length)];
                byte[]? answer = !Fill(message) ? null : message switch
                {
                    [0] => [],
                    [1] or [2] => Reset(),
                    [4] => Atr,
                    _ => _answer(message),
                };
                if (answer is null)
                {
                    _socket.Shutdown(SocketShutdown.Both);
                    return;
                }

                if (answer.Length > 0)
                {
                    _socket.Send([(byte)(answer.Length >> 8), (byte)answer.Length, .. answer]);
                }
            }
        }
        catch (SocketException)
        {
            // Taken out, or the daemon was killed.
        }
    }

    private byte[] Reset()
    {
        Resets++;
        return [];
    }

    private bool Fill(Span<byte> buffer)
    {
        while (!buffer.IsEmpty)
        {
            // vpcd sends length and payload apart, and the second waits for an acknowledgement of the first.
            _socket.SetRawSocketOption((int)ProtocolType.Tcp, TcpQuickAck, [1, 0, 0, 0]);
            int count = _socket.Receive(buffer);
            if (count == 0)
            {
                return false;
            }

            buffer = buffer[count..];
        }

        return true;
    }
}
