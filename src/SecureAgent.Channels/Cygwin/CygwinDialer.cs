using System.Net;
using System.Net.Sockets;
using SecureAgent.Channels.Windows;
using SecureAgent.Core;

namespace SecureAgent.Channels.Cygwin;

/// <summary>Reaches an agent on a Cygwin socket, such as gpg-agent's or that of MSYS2's ssh-agent, and only one that
/// this user or the system runs.</summary>
public sealed class CygwinDialer : IAgentDialer
{
    /// <summary>The handshake is three round trips; looking up who serves takes long where connections are
    /// many.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(15);

    private readonly string _path;
    private readonly ITcpPeers? _peers;
    private readonly TimeProvider _time;

    /// <summary>Creates the dialer.</summary>
    /// <param name="path">Path of the file that clients take for a socket.</param>
    /// <param name="time">The clock of the handshake's deadline.</param>
    public CygwinDialer(string path, TimeProvider time)
        : this(path, OperatingSystem.IsWindows() ? new WindowsTcpPeers() : null, time)
    {
    }

    /// <summary>Creates the dialer with another way to ask who is there.</summary>
    internal CygwinDialer(string path, ITcpPeers? peers, TimeProvider time) =>
        (_path, _peers, _time) = (path, peers, time);

    /// <inheritdoc/>
    public async ValueTask<Stream> ConnectAsync(CancellationToken ct)
    {
        if (_peers is null)
        {
            throw new ChannelException($"Cannot reach the Cygwin socket {_path}: that needs Windows.");
        }

        using CancellationTokenSource patience = new(Patience, _time);
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(ct, patience.Token);
        try
        {
            CygwinSocketFile file = Read(_peers);
            Socket socket = await CygwinClient.ConnectAsync(file, _time, either.Token).ConfigureAwait(false)
                ?? throw Unanswered("whoever listens there does not know the secret in the file");
            TcpPeer server = await _peers.FindAsync(
                (IPEndPoint)socket.RemoteEndPoint!, (IPEndPoint)socket.LocalEndPoint!).ConfigureAwait(false);
            if (server.IsTrusted)
            {
                return new NetworkStream(socket, ownsSocket: true);
            }

            socket.Dispose();
            throw Unanswered($"it is served by process {server.ProcessId}, which is not yours");
        }
        catch (OperationCanceledException exception) when (!ct.IsCancellationRequested)
        {
            throw Unanswered("whoever listens there says nothing", exception);
        }
        catch (Exception exception) when (exception is SocketException or IOException or UnauthorizedAccessException)
        {
            throw Unanswered(exception.Message, exception);
        }
    }

    private CygwinSocketFile Read(ITcpPeers peers)
    {
        if (peers.DistrustOf(_path) is { } reason)
        {
            throw Unanswered($"{reason}, who could lead you anywhere");
        }

        return CygwinSocketFile.TryRead(_path) ?? throw Unanswered("it is not a Cygwin socket");
    }

    private ChannelException Unanswered(string why, Exception? inner = null) =>
        new($"No agent answers on {_path}: {why}. Start one, or name another.", inner);
}
