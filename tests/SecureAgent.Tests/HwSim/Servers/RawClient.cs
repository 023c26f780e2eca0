using System.Net;
using System.Net.Sockets;

namespace SecureAgent.Tests.HwSim.Servers;

/// <summary>A client that sends and expects literal bytes, written in hex.</summary>
internal sealed class RawClient : IDisposable
{
    /// <summary>Shorter than the server's deadline within a frame, so that it is not taken for a refusal.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private readonly Socket _socket;

    public RawClient(int port)
        : this(new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp),
            new IPEndPoint(IPAddress.Loopback, port))
    {
    }

    public RawClient(string path)
        : this(new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified),
            new UnixDomainSocketEndPoint(path))
    {
    }

    private RawClient(Socket socket, EndPoint server)
    {
        _socket = socket;
        _socket.ReceiveTimeout = (int)Patience.TotalMilliseconds;
        _socket.Connect(server);
    }

    public void Send(string hex) => _socket.Send(Convert.FromHexString(hex.Replace(" ", "")));

    public void Expect(string hex)
    {
        string expected = hex.Replace(" ", "");
        byte[] buffer = new byte[expected.Length / 2];
        int filled = 0;
        while (filled < buffer.Length)
        {
            int count = _socket.Receive(buffer.AsSpan(filled));
            Assert.True(count > 0, $"the server closed after {Convert.ToHexString(buffer, 0, filled)}");
            filled += count;
        }

        Assert.Equal(expected, Convert.ToHexString(buffer), ignoreCase: true);
    }

    public void ExpectClosed()
    {
        try
        {
            Assert.Equal(0, _socket.Receive(new byte[1]));
        }
        catch (SocketException e)
        {
            Assert.Equal(SocketError.ConnectionReset, e.SocketErrorCode);
        }
    }

    public void Dispose() => _socket.Dispose();
}
