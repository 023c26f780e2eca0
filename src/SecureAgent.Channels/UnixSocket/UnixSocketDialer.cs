using System.Net.Sockets;
using SecureAgent.Core;

namespace SecureAgent.Channels.UnixSocket;

/// <summary>Reaches an agent on a Unix socket, and only one that this user or root runs.</summary>
public sealed class UnixSocketDialer : IAgentDialer
{
    private readonly string _path;

    /// <summary>Creates the dialer.</summary>
    /// <param name="path">Path of the socket, as in <c>SSH_AUTH_SOCK</c>.</param>
    public UnixSocketDialer(string path) => _path = path;

    /// <inheritdoc/>
    public async ValueTask<Stream> ConnectAsync(CancellationToken ct)
    {
        Socket? socket = null;
        try
        {
#pragma warning disable CA2000 // The stream owns it, or it is disposed below.
            socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
#pragma warning restore CA2000
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(_path), ct).ConfigureAwait(false);
            RequireTrusted(socket);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch (Exception exception)
        {
            socket?.Dispose();
            if (exception is SocketException or ArgumentException or PlatformNotSupportedException)
            {
                // .NET says of a path that is not there that the address cannot be assigned.
                string why = Path.Exists(_path) ? exception.Message : "there is no such socket";
                throw new ChannelException(
                    $"No agent answers on {_path}: {why}. Start one with secure-agent run.", exception);
            }

            throw;
        }
    }

    private void RequireTrusted(Socket socket)
    {
        if (OperatingSystem.IsWindows())
        {
            if (WindowsPeer.Of(socket) is { IsTrusted: false } process)
            {
                throw new ChannelException(
                    $"{_path} is served by {process.Describe()}, which is neither yours nor the system's.");
            }
        }
        else if (PeerCredentials.Of(socket) is { IsTrusted: false } server)
        {
            throw new ChannelException($"{_path} is served by {server.Describe()}, which is neither you nor root.");
        }
    }
}
