using System.Buffers.Binary;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace SecureAgent.Tests.Channels.Cygwin;

/// <summary>An SSH client of Cygwin, by its source and by nothing that the agent has: reads the file, connects, shows
/// the secret, swaps credentials and asks.</summary>
internal sealed class CygwinTestClient : IDisposable
{
    private readonly Socket _socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);

    private CygwinTestClient(string path)
    {
        // "!<socket >%u %c %08x-%08x-%08x-%08x", as sscanf reads it.
        string text = File.ReadAllText(path);
        string[] fields = text["!<socket >".Length..].TrimEnd('\0').Split(' ');
        Assert.Equal("s", fields[1]);
        Port = int.Parse(fields[0], CultureInfo.InvariantCulture);
        Secret = [.. fields[2].Split('-').SelectMany(word => Convert.FromHexString(word).Reverse())];
        _socket.NoDelay = true;
        _socket.ReceiveTimeout = 30_000;
    }

    public int Port { get; }

    public byte[] Secret { get; }

    /// <summary>Connects and says nothing.</summary>
    public static CygwinTestClient Connect(string path, IPAddress? address = null)
    {
        CygwinTestClient client = new(path);
        client._socket.Connect(new IPEndPoint(address ?? IPAddress.Loopback, client.Port));
        return client;
    }

    /// <summary>Connects and shows what it knows, as Cygwin does, or as libassuan does with 8 bytes.</summary>
    public static CygwinTestClient Open(string path, int credentials = 12)
    {
        CygwinTestClient client = Connect(path);
        client.Send(client.Secret);
        Assert.Equal(client.Secret, client.Receive(16));
        byte[] own = new byte[credentials];
        BinaryPrimitives.WriteInt32LittleEndian(own, 4711);
        client.Send(own);
        client.Receive(credentials);
        return client;
    }

    public void Send(params byte[] bytes) => _socket.Send(bytes);

    /// <summary>Receives exactly so many bytes.</summary>
    public byte[] Receive(int count)
    {
        byte[] bytes = new byte[count];
        int received = 0;
        while (received < count)
        {
            int more = _socket.Receive(bytes, received, count - received, SocketFlags.None);
            Assert.True(more > 0, "The agent closed the connection.");
            received += more;
        }

        return bytes;
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

    /// <summary>How many keys the agent lists.</summary>
    public int List()
    {
        Send(0, 0, 0, 1, 11);
        byte[] body = Receive(BinaryPrimitives.ReadInt32BigEndian(Receive(4)));
        Assert.Equal(12, body[0]);
        return BinaryPrimitives.ReadInt32BigEndian(body.AsSpan(1));
    }

    public void Dispose() => _socket.Dispose();
}
