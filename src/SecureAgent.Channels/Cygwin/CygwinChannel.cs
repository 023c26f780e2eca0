using System.Net;
using System.Net.Sockets;
using SecureAgent.Channels.Windows;
using SecureAgent.Core;

namespace SecureAgent.Channels.Cygwin;

/// <summary>Serves the SSH clients of Cygwin, MSYS2 and Git for Windows, whose Unix socket is a file with the port of a
/// TCP listener and a secret. A client has to come from 127.0.0.1, know the secret, and be a process of this
/// user.</summary>
public sealed class CygwinChannel : IChannel
{
    private readonly ITcpPeers? _peers;
    private readonly IAgentLog _log;
    private readonly TimeProvider _time;
    private readonly TaskCompletionSource _listening = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Creates the channel; <see cref="RunAsync"/> makes the file.</summary>
    /// <param name="path">Path of the file that clients take for a socket.</param>
    /// <param name="log">Takes refused peers and trouble while accepting.</param>
    /// <param name="time">The clock of every deadline and pause.</param>
    public CygwinChannel(string path, IAgentLog log, TimeProvider time)
        : this(path, OperatingSystem.IsWindows() ? new WindowsTcpPeers() : null, log, time)
    {
    }

    /// <summary>Creates the channel with another way to ask who is there.</summary>
    internal CygwinChannel(string path, ITcpPeers? peers, IAgentLog log, TimeProvider time)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        (Endpoint, _peers, _log, _time) = (Path.GetFullPath(path), peers, log, time);
    }

    /// <inheritdoc/>
    public string Name => "cygwin";

    /// <inheritdoc/>
    public string Endpoint { get; }

    /// <inheritdoc/>
    public Task Listening => _listening.Task;

    /// <inheritdoc/>
    public async Task RunAsync(IAgent agent, CancellationToken ct)
    {
        using CygwinListener listener = await OpenAsync().ConfigureAwait(false);
        StreamServer server = new(Endpoint, agent, _log, _time, ct);
        SocketAcceptor acceptor = new(listener.Socket, Endpoint, server, _log, _time);
        _listening.TrySetResult();
        await acceptor.RunAsync(
            (client, stream, token) => AdmitAsync(client, stream, listener.File.Secret, token), ct)
            .ConfigureAwait(false);
        listener.Dispose(); // Before waiting for those who are connected.
        await server.DrainAsync().ConfigureAwait(false);
    }

    private async ValueTask<CygwinListener> OpenAsync()
    {
        try
        {
            return _peers is null
                ? throw new ChannelException("The Cygwin channel needs Windows.")
                : await CygwinListener.OpenAsync(Endpoint, _peers, _time).ConfigureAwait(false);
        }
        catch (ChannelException failure)
        {
            _listening.TrySetException(failure);
            _ = _listening.Task.Exception; // Seen: whoever awaits RunAsync gets it too.
            throw;
        }
    }

    private async ValueTask<PeerInfo?> AdmitAsync(
        Socket client, Stream stream, ReadOnlyMemory<byte> secret, CancellationToken ct)
    {
        client.NoDelay = true;
        if (client.RemoteEndPoint is not IPEndPoint peer || client.LocalEndPoint is not IPEndPoint own
            || !peer.Address.Equals(IPAddress.Loopback))
        {
            return Refuse("who does not come from 127.0.0.1", new PeerInfo(Name));
        }

        CygwinHandshakeResult shown =
            await CygwinHandshake.AcceptAsync(stream, secret, _time, ct).ConfigureAwait(false);
        if (shown == CygwinHandshakeResult.Gone)
        {
            return null;
        }

        if (shown == CygwinHandshakeResult.WrongSecret)
        {
            return Refuse("who does not know the secret in the file", new PeerInfo(Name));
        }

        // Only now, so that those who know no secret do not make the agent ask the system.
        TcpPeer process = await _peers!.FindAsync(peer, own).ConfigureAwait(false); // There is one once this listens.
        PeerInfo info = new(Name)
        {
            ProcessId = process.ProcessId,
            User = process.User,
            ReadProcesses = () => process.ProcessId is { } pid ? _peers.ProcessesOf(pid) : [],
        };
        if (process.IsTrusted)
        {
            return info;
        }

        // Without a process it has gone again, as another agent does that only looks whether this one lives.
        return process.ProcessId is { } processId ? Refuse($"whose process {processId} is not yours", info) : null;
    }

    private PeerInfo? Refuse(string who, PeerInfo peer)
    {
        _log.Write(new AgentEvent(AgentEventLevel.Warning, "peer",
            $"Refused a client on {Endpoint} {who}: only your own processes may use this agent.") { Peer = peer });
        return null;
    }
}
