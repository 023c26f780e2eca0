using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using SecureAgent.Channels.Windows;
using SecureAgent.Core;

namespace SecureAgent.Channels.XAgent;

/// <summary>Serves Xshell and its family in place of their xagent: a TCP listener on 127.0.0.1, whose port and cookie
/// hidden windows tell. The cookie is no secret, every program of the desktop can read it; so a client also has to be a
/// process of this user.</summary>
public sealed class XAgentChannel : IChannel
{
    private const int CookieCharacters = 7;
    private const string CookieAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

    private readonly ITcpPeers? _peers;
    private readonly Func<IXAgentSign> _createSign;
    private readonly IAgentLog _log;
    private readonly TimeProvider _time;
    private readonly TaskCompletionSource _listening = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Creates the channel; <see cref="RunAsync"/> listens.</summary>
    /// <param name="log">Takes refused peers and trouble while accepting.</param>
    /// <param name="time">The clock of every deadline and pause.</param>
    public XAgentChannel(IAgentLog log, TimeProvider time) : this(
        OperatingSystem.IsWindows() ? new WindowsTcpPeers() : null, CreateSign, log, time)
    {
    }

    /// <summary>Creates the channel with other ways to ask who is there and to be found.</summary>
    internal XAgentChannel(ITcpPeers? peers, Func<IXAgentSign> createSign, IAgentLog log, TimeProvider time) =>
        (_peers, _createSign, _log, _time) = (peers, createSign, log, time);

    /// <inheritdoc/>
    public string Name => "xagent";

    /// <inheritdoc/>
    public string Endpoint => "the xagent window";

    /// <inheritdoc/>
    public Task Listening => _listening.Task;

    /// <inheritdoc/>
    public async Task RunAsync(IAgent agent, CancellationToken ct)
    {
        using Socket listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        byte[] cookie = Encoding.ASCII.GetBytes(RandomNumberGenerator.GetString(CookieAlphabet, CookieCharacters));
        using IXAgentSign sign = Open(listener, cookie);
        StreamServer server = new(Endpoint, agent, _log, _time, ct);
        SocketAcceptor acceptor = new(listener, Endpoint, server, _log, _time, stream => new XAgentStream(stream));
        _listening.TrySetResult();
        await acceptor.RunAsync((client, stream, token) => AdmitAsync(client, stream, cookie, token), ct)
            .ConfigureAwait(false);
        listener.Dispose(); // Before waiting for those who are connected.
        await server.DrainAsync().ConfigureAwait(false);
    }

    private static IXAgentSign CreateSign() => OperatingSystem.IsWindows()
        ? new XAgentWindows()
        : throw new ChannelException("The xagent channel needs Windows.");

    private IXAgentSign Open(Socket listener, byte[] cookie)
    {
        try
        {
            IXAgentSign sign = _createSign();
            listener.ExclusiveAddressUse = true;
            listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
            listener.Listen(); // As many as the system lets wait.
            sign.Show(((IPEndPoint)listener.LocalEndPoint!).Port, Encoding.ASCII.GetString(cookie)); // Bound.
            return sign;
        }
        catch (Exception exception) when (exception is ChannelException or SocketException)
        {
            ChannelException failure = exception as ChannelException
                ?? new ChannelException($"Cannot listen for Xshell: {exception.Message}", exception);
            _listening.TrySetException(failure);
            _ = _listening.Task.Exception; // Seen: whoever awaits RunAsync gets it too.
            throw failure;
        }
    }

    private async ValueTask<PeerInfo?> AdmitAsync(
        Socket client, Stream stream, ReadOnlyMemory<byte> cookie, CancellationToken ct)
    {
        client.NoDelay = true;
        if (client.RemoteEndPoint is not IPEndPoint peer || client.LocalEndPoint is not IPEndPoint own)
        {
            return null;
        }

        switch (await XAgentHandshake.AcceptAsync(stream, cookie, ct).ConfigureAwait(false))
        {
            case null:
                return null;
            case false:
                return Refuse("who does not know the cookie", new PeerInfo(Name));
        }

        // Only now, so that those who know no cookie do not make the agent ask the system.
        TcpPeer process = await _peers!.FindAsync(peer, own).ConfigureAwait(false); // There is one once this listens.
        PeerInfo info = new(Name)
        {
            ProcessId = process.ProcessId,
            User = process.User,
            ReadProcesses = () => process.ProcessId is { } pid ? _peers.ProcessesOf(pid) : [],
        };
        return process switch
        {
            { IsTrusted: true } => info,
            { ProcessId: { } id } => Refuse($"whose process {id} is not yours", info),
            _ => null, // Gone again.
        };
    }

    private PeerInfo? Refuse(string who, PeerInfo peer)
    {
        _log.Write(new AgentEvent(AgentEventLevel.Warning, "peer",
            $"Refused a client on {Endpoint} {who}: only your own processes may use this agent.") { Peer = peer });
        return null;
    }
}
