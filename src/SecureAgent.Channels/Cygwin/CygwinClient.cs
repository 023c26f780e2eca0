using System.Net;
using System.Net.Sockets;

namespace SecureAgent.Channels.Cygwin;

/// <summary>The client's end of a Cygwin socket.</summary>
internal static class CygwinClient
{
    /// <summary>Connects and shows the secret, and once more if the server turns out to take 8 bytes of
    /// credentials.</summary>
    /// <param name="file">Where, and the secret.</param>
    /// <param name="time">The clock of the handshake.</param>
    /// <param name="ct">Ends it.</param>
    /// <returns>The connection, or <see langword="null"/> if whoever listens there now does not know the
    /// secret.</returns>
    /// <exception cref="SocketException">Nobody listens.</exception>
    public static async ValueTask<Socket?> ConnectAsync(CygwinSocketFile file, TimeProvider time, CancellationToken ct)
    {
        (Socket? socket, CygwinHandshakeResult result) =
            await TryAsync(file, CygwinHandshake.CredentialsSizeBytes, time, ct).ConfigureAwait(false);
        if (result == CygwinHandshakeResult.ShortCredentials)
        {
            (socket, _) =
                await TryAsync(file, CygwinHandshake.ShortCredentialsSizeBytes, time, ct).ConfigureAwait(false);
        }

        return socket;
    }

    private static async ValueTask<(Socket? Socket, CygwinHandshakeResult Result)> TryAsync(
        CygwinSocketFile file, int credentials, TimeProvider time, CancellationToken ct)
    {
        Socket socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        CygwinHandshakeResult result = CygwinHandshakeResult.Gone;
        try
        {
            await socket.ConnectAsync(new IPEndPoint(IPAddress.Loopback, file.Port), ct).ConfigureAwait(false);
            NetworkStream stream = new(socket, ownsSocket: false);
            await using (stream.ConfigureAwait(false))
            {
                result = await CygwinHandshake.ConnectAsync(stream, file.Secret, credentials, time, ct)
                    .ConfigureAwait(false);
            }
        }
        catch (IOException)
        {
            // Gone in the middle of the handshake.
        }
        finally
        {
            if (result != CygwinHandshakeResult.Done)
            {
                socket.Dispose();
            }
        }

        return (result == CygwinHandshakeResult.Done ? socket : null, result);
    }
}
