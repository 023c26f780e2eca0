using System.Net.Sockets;
using System.Runtime.Versioning;
using SecureAgent.Channels.Windows;
using SecureAgent.Core;

namespace SecureAgent.Channels.UnixSocket;

/// <summary>Serves native clients and WSL1 on a Unix socket of Windows. Only processes of this user and of the system
/// may talk to it. WSL2 cannot reach it.</summary>
[SupportedOSPlatform("windows")]
public sealed class WindowsUnixSocketChannel : IChannel
{
    private readonly IAgentLog _log;
    private readonly TimeProvider _time;
    private readonly TaskCompletionSource _listening = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Creates the channel; <see cref="RunAsync"/> makes the socket.</summary>
    /// <param name="path">Where to listen; for WSL1 on a drive of Windows.</param>
    /// <param name="log">Takes refused peers and trouble while accepting.</param>
    /// <param name="time">The clock of every deadline and pause.</param>
    public WindowsUnixSocketChannel(string path, IAgentLog log, TimeProvider time)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        (Endpoint, _log, _time) = (Path.GetFullPath(path), log, time);
    }

    /// <inheritdoc/>
    public string Name => UnixSocketServer.Name;

    /// <inheritdoc/>
    public string Endpoint { get; }

    /// <inheritdoc/>
    public Task Listening => _listening.Task;

    /// <inheritdoc/>
    public async Task RunAsync(IAgent agent, CancellationToken ct)
    {
        using WindowsUnixSocketListener listener = Open();
        StreamServer server = new(Endpoint, agent, _log, _time, ct);
        SocketAcceptor acceptor = new(listener.Socket, Endpoint, server, _log, _time);
        _listening.TrySetResult();
        await acceptor.RunAsync((client, _, _) => ValueTask.FromResult(Admit(client)), ct).ConfigureAwait(false);
        listener.Dispose(); // Before waiting for those who are connected.
        await server.DrainAsync().ConfigureAwait(false);
    }

    private WindowsUnixSocketListener Open()
    {
        try
        {
            return WindowsUnixSocketListener.Open(Endpoint);
        }
        catch (ChannelException failure)
        {
            _listening.TrySetException(failure);
            _ = _listening.Task.Exception; // Seen: whoever awaits RunAsync gets it too.
            throw;
        }
    }

    private PeerInfo? Admit(Socket client)
    {
        WindowsPeer process = WindowsPeer.Of(client);
        PeerInfo peer = new(Name)
        {
            ProcessId = process.ProcessId == 0 ? null : process.ProcessId,
            User = process.User,
            ReadProcesses = () => process.ProcessId == 0 ? [] : WindowsProcess.ChainOf(process.ProcessId),
        };
        if (process.IsTrusted)
        {
            return peer;
        }

        _log.Write(new AgentEvent(AgentEventLevel.Warning, "peer",
            $"Refused {process.Describe()} on {Endpoint}: only your own processes may use this agent.")
        { Peer = peer });
        return null;
    }
}
