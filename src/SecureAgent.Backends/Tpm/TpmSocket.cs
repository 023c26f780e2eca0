using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace SecureAgent.Backends.Tpm;

/// <summary>A stream socket to a TPM with a deadline over each whole exchange, so that a peer that sends one byte now
/// and then cannot hold the device's worker.</summary>
internal sealed class TpmSocket : IDisposable
{
    private static readonly TimeSpan ConnectDeadline = TimeSpan.FromSeconds(5);

    private readonly Socket _socket;
    private readonly string _name;
    private long _deadline;
    private bool _sent;

    private TpmSocket(EndPoint address, string name)
    {
        _name = name;
        bool unix = address is UnixDomainSocketEndPoint;
        _socket = new Socket(
            address.AddressFamily, SocketType.Stream, unix ? ProtocolType.Unspecified : ProtocolType.Tcp);
        if (!unix)
        {
            _socket.NoDelay = true;
        }
    }

    /// <summary>Connects.</summary>
    /// <param name="endpoint">A unix socket, an address, or a host to be resolved.</param>
    /// <param name="name">The device as the user wrote it.</param>
    /// <exception cref="TpmDeviceLostException">Nobody listens there.</exception>
    public static TpmSocket Connect(EndPoint endpoint, string name)
    {
        SocketError error = SocketError.HostNotFound;
        foreach (EndPoint address in Addresses(endpoint))
        {
            TpmSocket candidate = new(address, name);
            error = candidate.TryConnect(address);
            if (error == SocketError.Success)
            {
                return candidate;
            }

            candidate.Dispose();
        }

        throw new TpmDeviceLostException(
            $"The TPM at {name} cannot be reached ({Describe(error)}). Is the simulator running?", commandWasSent: false);
    }

    // .NET says of a socket path that is not there that the address is not available.
    private static string Describe(SocketError error) => error switch
    {
        SocketError.AddressNotAvailable => "there is no such socket",
        SocketError.ConnectionRefused => "nothing listens there",
        _ => error.ToString(),
    };

    /// <summary>Starts an exchange that must be over within <paramref name="limit"/>. A peer that has hung up is
    /// noticed here, before anything is sent.</summary>
    public void Begin(TimeSpan limit)
    {
        _deadline = Stopwatch.GetTimestamp() + (long)(limit.TotalSeconds * Stopwatch.Frequency);
        _sent = false;

        // Between two exchanges a TPM has nothing to say: readable means the end of the stream, or an answer to
        // nothing.
        if (_socket.Poll(0, SelectMode.SelectRead))
        {
            throw Lost("closed the connection", null);
        }
    }

    /// <summary>Sends everything.</summary>
    public void Send(ReadOnlySpan<byte> bytes)
    {
        try
        {
            _socket.SendTimeout = Left();
            while (!bytes.IsEmpty)
            {
                bytes = bytes[_socket.Send(bytes)..];
            }

            _sent = true;
        }
        catch (SocketException e)
        {
            throw Lost(Reason(e), e);
        }
    }

    /// <summary>Fills <paramref name="bytes"/>.</summary>
    public void ReceiveExactly(Span<byte> bytes)
    {
        try
        {
            while (!bytes.IsEmpty)
            {
                _socket.ReceiveTimeout = Left();
                int received = _socket.Receive(bytes);
                if (received == 0)
                {
                    throw Lost("closed the connection", null);
                }

                bytes = bytes[received..];
            }
        }
        catch (SocketException e)
        {
            throw Lost(Reason(e), e);
        }
    }

    /// <summary>The exception for an answer that is out of frame.</summary>
    public TpmDeviceLostException OutOfFrame() => Lost("sent something that is not a TPM's answer", null);

    /// <summary>Closes the connection.</summary>
    public void Dispose() => _socket.Dispose();

    private static IEnumerable<EndPoint> Addresses(EndPoint endpoint)
    {
        if (endpoint is not DnsEndPoint host)
        {
            return [endpoint];
        }

        try
        {
            return Dns.GetHostAddresses(host.Host).Select(address => new IPEndPoint(address, host.Port));
        }
        catch (SocketException)
        {
            return [];
        }
    }

    private SocketError TryConnect(EndPoint address)
    {
        try
        {
            _socket.Blocking = false;
            try
            {
                _socket.Connect(address);
            }
            catch (SocketException e) when (e.SocketErrorCode is SocketError.WouldBlock or SocketError.InProgress)
            {
                if (!_socket.Poll(ConnectDeadline, SelectMode.SelectWrite))
                {
                    return SocketError.TimedOut;
                }

                object? error = _socket.GetSocketOption(SocketOptionLevel.Socket, SocketOptionName.Error);
                if (error is not 0)
                {
                    return SocketError.ConnectionRefused;
                }
            }

            _socket.Blocking = true;
            return SocketError.Success;
        }
        catch (SocketException e)
        {
            return e.SocketErrorCode;
        }
    }

    private int Left()
    {
        double left = (_deadline - Stopwatch.GetTimestamp()) * 1000.0 / Stopwatch.Frequency;
        return left >= 1 ? (int)left : throw Lost("did not answer in time; another program may hold it", null);
    }

    private static string Reason(SocketException e) =>
        e.SocketErrorCode is SocketError.TimedOut or SocketError.WouldBlock
        ? "did not answer in time; another program may hold it"
        : $"broke the connection ({e.SocketErrorCode})";

    private TpmDeviceLostException Lost(string what, Exception? cause) =>
        new($"The TPM at {_name} {what}.", _sent, cause);
}
