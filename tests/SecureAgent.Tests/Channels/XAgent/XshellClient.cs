using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace SecureAgent.Tests.Channels.XAgent;

/// <summary>Xshell's side of a connection to xagent, by what was observed of it and nothing that the agent has.</summary>
internal sealed class XshellClient : IDisposable
{
    private readonly Socket _socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);

    /// <summary>Connects and says nothing.</summary>
    public XshellClient(int port)
    {
        _socket.ReceiveTimeout = 30_000;
        _socket.Connect(new IPEndPoint(IPAddress.Loopback, port));
    }

    /// <summary>Shows the cookie, with a length that leaves out the four bytes of the cookie's size.</summary>
    public void Greet(string cookie)
    {
        byte[] text = Encoding.ASCII.GetBytes(cookie);
        _socket.Send([.. Number(5 + text.Length), 99, 0, 0, 0, 1, .. Number(text.Length), .. text]);
    }

    /// <summary>Reads the answer to the greeting and returns its flag.</summary>
    public int Greeted()
    {
        byte[] answer = Receive(9);
        Assert.Equal([0, 0, 0, 5, 99], answer[..5]);
        return BinaryPrimitives.ReadInt32BigEndian(answer.AsSpan(5));
    }

    /// <summary>Sends one request, and takes the answer from one receive, as Xshell does.</summary>
    public byte[] Ask(byte[] body)
    {
        _socket.Send([.. Number(body.Length), .. body]);
        byte[] buffer = new byte[65536];
        int count = _socket.Receive(buffer);
        Assert.Equal(count - 4, BinaryPrimitives.ReadInt32BigEndian(buffer));
        return buffer[4..count];
    }

    /// <summary>Whether the agent closes without another byte.</summary>
    public bool IsClosed()
    {
        try
        {
            return _socket.Receive(new byte[1]) == 0;
        }
        catch (SocketException exception) when (exception.SocketErrorCode == SocketError.ConnectionReset)
        {
            return true;
        }
    }

    public void Dispose() => _socket.Dispose();

    private byte[] Receive(int count)
    {
        byte[] bytes = new byte[count];
        for (int received = 0; received < count;)
        {
            int more = _socket.Receive(bytes, received, count - received, SocketFlags.None);
            Assert.True(more > 0, "The agent closed the connection.");
            received += more;
        }

        return bytes;
    }

    private static byte[] Number(int value)
    {
        byte[] bytes = new byte[4];
        BinaryPrimitives.WriteInt32BigEndian(bytes, value);
        return bytes;
    }
}
