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
#pragma warning disable CA2000 // The stream owns it, or it is disposed below.
        Socket socket = Open();
#pragma warning restore CA2000
        try
        {
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(_path), ct).ConfigureAwait(false);
            PeerCredentials server = PeerCredentials.Of(socket);
            if (!server.IsTrusted)
            {
                throw new ChannelException($"{_path} is served by {server.Describe()}, which is neither you nor root.");
            }

            return new NetworkStream(socket, ownsSocket: true);
        }
        catch (Exception exception)
        {
            socket.Dispose();
            if (exception is SocketException or ArgumentException)
            {
                // .NET says of a path that is not there that the address cannot be assigned.
                string why = File.Exists(_path) ? exception.Message : "there is no such socket";
                throw new ChannelException(
                    $"No agent answers on {_path}: {why}. Start one with secure-agent run.", exception);
            }

            throw;
        }
    }
    private Socket Open()
    {
        try
        {
            return new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        }
        catch (SocketException exception)
        {
            throw new ChannelException($"{_path} cannot be reached: this system has no Unix sockets.", exception);
        }
    }
}
