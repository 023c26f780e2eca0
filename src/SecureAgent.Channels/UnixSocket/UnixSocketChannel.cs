using System.Net.Sockets;
using SecureAgent.Core;

namespace SecureAgent.Channels.UnixSocket;

/// <summary>Serves clients on a Unix socket (unix(7)): a path of its own, or the socket that systemd hands over. Only
/// this user and root may talk to it, whatever the file's permissions have become.</summary>
public sealed class UnixSocketChannel : IChannel
{
    private readonly Func<UnixSocketListener> _open;
    private readonly IAgentLog _log;
    private readonly TimeProvider _time;
    private readonly TaskCompletionSource _listening = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Creates the channel; <see cref="RunAsync"/> makes the socket.</summary>
    /// <param name="path">Where to listen.</param>
    /// <param name="log">Takes refused peers and trouble while accepting.</param>
    /// <param name="time">The clock of every deadline and pause.</param>
    public UnixSocketChannel(string path, IAgentLog log, TimeProvider time)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        string fullPath = Path.GetFullPath(path);
        (Endpoint, _log, _time) = (fullPath, log, time);
        _open = () => UnixSocketListener.Open(fullPath);
    }

    private UnixSocketChannel(Socket inherited, IAgentLog log, TimeProvider time)
    {
        (Endpoint, _log, _time) = (inherited.LocalEndPoint?.ToString() ?? "", log, time);
        _open = () => UnixSocketListener.Inherited(inherited);
    }

    /// <inheritdoc/>
    public string Name => UnixSocketServer.Name;

    /// <inheritdoc/>
    public string Endpoint { get; }

    /// <inheritdoc/>
    public Task Listening => _listening.Task;

    /// <summary>Takes over the socket that systemd opened for this process.</summary>
    /// <returns>The channel, or <see langword="null"/> if systemd opened none.</returns>
    /// <exception cref="ChannelException">What it opened cannot be used; the message says how to mend the
    /// unit.</exception>
    public static UnixSocketChannel? FromSystemd(IAgentLog log, TimeProvider time) =>
#pragma warning disable CA2000 // The channel closes it when it has run.
        SocketActivation.Take() is { } socket ? new UnixSocketChannel(socket, log, time) : null;
#pragma warning restore CA2000

    /// <inheritdoc/>
    public async Task RunAsync(IAgent agent, CancellationToken ct)
    {
        using UnixSocketServer server = Open(agent, ct);
        _listening.TrySetResult();
        await server.RunAsync().ConfigureAwait(false);
    }

    private UnixSocketServer Open(IAgent agent, CancellationToken ct)
    {
        UnixSocketListener? listener = null;
        try
        {
            listener = _open();
            return new UnixSocketServer(listener, Endpoint, agent, _log, _time, ct);
        }
        catch (Exception exception) when (exception is ChannelException or IOException)
        {
            listener?.Dispose();
            ChannelException failure = exception as ChannelException
                ?? new ChannelException($"Cannot listen on {Endpoint}: {exception.Message}", exception);
            _listening.TrySetException(failure);
            _ = _listening.Task.Exception; // Seen: whoever awaits RunAsync gets it too.
            throw failure;
        }
    }
}
