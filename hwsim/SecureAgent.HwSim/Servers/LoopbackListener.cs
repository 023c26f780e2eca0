using System.Net;
using System.Net.Sockets;

namespace SecureAgent.HwSim.Servers;

/// <summary>Opens the listening sockets of the servers. There is no way to name an address: a simulated TPM has no
/// authentication of its own, so it is never reachable from another machine.</summary>
internal static class LoopbackListener
{
    private const int Backlog = 128;
    private const int PairAttempts = 64;

    /// <summary>Listens on one port of 127.0.0.1; 0 lets the system choose.</summary>
    /// <exception cref="SocketException">The port is taken or may not be used.</exception>
    public static Socket Tcp(int port)
    {
        Socket socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            socket.Bind(new IPEndPoint(IPAddress.Loopback, port));
            socket.Listen(Backlog);
            return socket;
        }
        catch (SocketException)
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>Listens on a port and the one after it, as clients of both simulator protocols expect; for 0 the system
    /// chooses.</summary>
    /// <exception cref="SocketException">One of the ports is taken or may not be used.</exception>
    public static (Socket First, Socket Second) TcpPair(int port)
    {
        for (int attempt = 1; ; attempt++)
        {
            Socket first = Tcp(port);
            try
            {
                return (first, Tcp(Port(first) + 1));
            }
            catch (SocketException) when (port == 0 && attempt < PairAttempts)
            {
                first.Dispose();
            }
            catch (Exception e) when (e is SocketException or ArgumentOutOfRangeException)
            {
                first.Dispose();
                throw;
            }
        }
    }

    /// <summary>Listens on a Unix socket that only its owner may open.</summary>
    /// <exception cref="IOException">Something exists at the path.</exception>
    /// <exception cref="SocketException">The path cannot be bound.</exception>
    public static Socket Unix(string path)
    {
        if (Path.Exists(path))
        {
            throw new IOException($"{path} exists already. Remove it if no other simulator serves it.");
        }

        Socket socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            socket.Bind(new UnixDomainSocketEndPoint(path));
            if (!OperatingSystem.IsWindows())
            {
                File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
            }

            // Nobody can connect before this line, so the file's mode was never too wide for a connection.
            socket.Listen(Backlog);
            return socket;
        }
        catch (SocketException)
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>The port that a TCP listener got.</summary>
    public static int Port(Socket listener) => ((IPEndPoint)listener.LocalEndPoint!).Port; // bound, so it has one
}
