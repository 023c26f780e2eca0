using System.Globalization;
using System.Net.Sockets;
using SecureAgent.Core;

namespace SecureAgent.Channels.HyperV;

/// <summary>Serves WSL2 without a relay, on a Hyper-V socket that is bound to its virtual machine alone. It follows the
/// machine, which has another id whenever it starts, and never starts it.</summary>
/// <remarks>Within the machine every process of every user can connect, and nothing tells them apart: the channel is
/// for those who want it, and keys should ask before they are used there.</remarks>
public sealed class HyperVChannel : IChannel
{
    /// <summary>The port of AF_VSOCK that is used if none is configured: <c>SSHA</c>.</summary>
    public const uint DefaultPort = 0x53534841;

    /// <summary>Looking costs a walk over the processes; a machine that has just started waits no longer than
    /// this.</summary>
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(10);

    private readonly IHyperVHost? _host;
    private readonly uint _port;
    private readonly IAgentLog _log;
    private readonly TimeProvider _time;
    private readonly TaskCompletionSource _listening = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Creates the channel.</summary>
    /// <param name="port">The port that clients in WSL2 connect to, of context id 2.</param>
    /// <param name="log">Takes trouble while listening.</param>
    /// <param name="time">The clock of every deadline and pause.</param>
    public HyperVChannel(uint port, IAgentLog log, TimeProvider time)
        : this(port, OperatingSystem.IsWindows() ? new WindowsHyperVHost() : null, log, time)
    {
    }

    /// <summary>Creates the channel on another host.</summary>
    internal HyperVChannel(uint port, IHyperVHost? host, IAgentLog log, TimeProvider time) =>
        (_port, _host, _log, _time) = (port, host, log, time);

    /// <inheritdoc/>
    public string Name => "hyper-v";

    /// <summary>As socat writes it, behind <c>VSOCK-CONNECT:</c>.</summary>
    public string Endpoint => string.Create(CultureInfo.InvariantCulture, $"2:{_port}");

    /// <inheritdoc/>
    /// <remarks>A virtual machine that does not run yet has no clients either.</remarks>
    public Task Listening => _listening.Task;

    /// <inheritdoc/>
    public async Task RunAsync(IAgent agent, CancellationToken ct)
    {
        IHyperVHost host = RequireHost();
        StreamServer server = new(Endpoint, agent, _log, _time, ct);
        _listening.TrySetResult();
        await FollowAsync(host, server, ct).ConfigureAwait(false);
        await server.DrainAsync().ConfigureAwait(false);
    }

    private IHyperVHost RequireHost()
    {
        try
        {
            IHyperVHost host = _host ?? throw new ChannelException("The Hyper-V channel needs Windows.");
            host.RequireSockets();
            return host;
        }
        catch (ChannelException failure)
        {
            _listening.TrySetException(failure);
            _ = _listening.Task.Exception; // Seen: whoever awaits RunAsync gets it too.
            throw;
        }
    }

    /// <summary>Listens for whichever machine is WSL2's now. Connections of one that has gone end by
    /// themselves.</summary>
    private async Task FollowAsync(IHyperVHost host, StreamServer server, CancellationToken ct)
    {
        Guid? current = null;
        Guid? refused = null;
        CancellationTokenSource accepting = CancellationTokenSource.CreateLinkedTokenSource(ct);
        Task accepted = Task.CompletedTask;
        while (!ct.IsCancellationRequested)
        {
            Guid? found = await FindAsync(host, ct).ConfigureAwait(false);
            if (found != current && !ct.IsCancellationRequested)
            {
                await accepting.CancelAsync().ConfigureAwait(false);
                await accepted.ConfigureAwait(false);
                accepting.Dispose();
                accepting = CancellationTokenSource.CreateLinkedTokenSource(ct);
                current = null;
                if (found is { } vmId && TryListen(host, vmId, isFirst: refused != found) is { } socket)
                {
                    current = found;
                    accepted = AcceptAsync(host, vmId, socket, server, accepting.Token);
                }

                refused = current is null ? found : null;
            }

            await Task.Delay(Interval, _time, ct).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        await accepted.ConfigureAwait(false);
        accepting.Dispose();
    }

    private static async ValueTask<Guid?> FindAsync(IHyperVHost host, CancellationToken ct)
    {
        try
        {
            // Once more, because a mistake here would open the agent to every machine of this host.
            return await host.FindGuestAsync(ct).ConfigureAwait(false) is { } vmId && HyperVAddress.IsOneGuest(vmId)
                ? vmId
                : null;
        }
        catch (OperationCanceledException) when (ct.IsCancellationRequested)
        {
            return null;
        }
    }

    private Socket? TryListen(IHyperVHost host, Guid vmId, bool isFirst)
    {
        try
        {
            return host.Listen(vmId, _port);
        }
        catch (SocketException exception)
        {
            if (isFirst)
            {
                _log.Write(new AgentEvent(AgentEventLevel.Error, "channel",
                    $"Cannot listen for WSL2 on {Endpoint}: {exception.Message} It is tried again while WSL2 runs. "
                    + $"Some versions of Windows want an administrator to register the service "
                    + $"{HyperVAddress.ServiceOf(_port)} below GuestCommunicationServices."));
            }

            return null;
        }
    }

    private async Task AcceptAsync(
        IHyperVHost host, Guid vmId, Socket socket, StreamServer server, CancellationToken ct)
    {
        using (socket)
        {
            SocketAcceptor acceptor = new(socket, Endpoint, server, _log, _time);
            await acceptor.RunAsync((client, _, _) => ValueTask.FromResult(Admit(host, vmId, client)), ct)
                .ConfigureAwait(false);
        }
    }

    private PeerInfo? Admit(IHyperVHost host, Guid vmId, Socket client)
    {
        PeerInfo peer = new(Name);
        Guid guest = host.GuestOf(client);
        if (guest == vmId)
        {
            return peer;
        }

        _log.Write(new AgentEvent(AgentEventLevel.Warning, "peer",
            $"Refused a client of the virtual machine {guest} on {Endpoint}: only WSL2 may use this agent.")
            { Peer = peer });
        return null;
    }
}
