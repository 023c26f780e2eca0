using System.Globalization;
using System.Net.Sockets;
using SecureAgent.Core;

namespace SecureAgent.Channels.UnixSocket;

/// <summary>Serves clients on a Unix socket (unix(7)): a path of its own, or the socket that systemd hands over. Only
/// this user and root may talk to it, whatever the file's permissions have become.</summary>
public sealed class UnixSocketChannel : IChannel
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(10);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LogInterval = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan ClosePatience = TimeSpan.FromSeconds(5);

    private readonly Func<UnixSocketListener> _open;
    private readonly IAgentLog _log;
    private readonly TimeProvider _time;
    private readonly TaskCompletionSource _listening = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _drained = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long? _lastTrouble;
    private int _users = 1; // The open connections, and the accept loop itself.

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
    public string Name => "unix";

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
    public async Task RunAsync(SshAgent agent, CancellationToken ct)
    {
        using (UnixSocketListener listener = OpenListener())
        {
            _listening.TrySetResult();
            await AcceptAsync(listener.Socket, agent, ct).ConfigureAwait(false);
        }

        Leave();
        Task patience = Task.Delay(ClosePatience, _time, CancellationToken.None);
        await Task.WhenAny(_drained.Task, patience).ConfigureAwait(false);
    }

    private UnixSocketListener OpenListener()
    {
        try
        {
            return _open();
        }
        catch (ChannelException exception)
        {
            _listening.TrySetException(exception);
            _ = _listening.Task.Exception; // Seen: whoever awaits RunAsync gets it too.
            throw;
        }
    }

    /// <summary>Never ends before <paramref name="ct"/>: what goes wrong with one client, or while the system is out of
    /// descriptors, must not cost the others their agent.</summary>
    private async Task AcceptAsync(Socket listener, SshAgent agent, CancellationToken ct)
    {
        TimeSpan pause = FirstPause;
        while (!ct.IsCancellationRequested)
        {
            try
            {
                Socket client = await listener.AcceptAsync(ct).ConfigureAwait(false);
                Interlocked.Increment(ref _users);
                _ = Task.Run(() => ServeAsync(client, agent, ct), CancellationToken.None);
                pause = FirstPause;
            }
            catch (SocketException exception) when (exception.SocketErrorCode == SocketError.ConnectionAborted)
            {
                // A client that left before it was accepted.
            }
            catch (SocketException exception)
            {
                LogTrouble(exception);
                await PauseAsync(pause, ct).ConfigureAwait(false);
                pause = pause * 2 < LongestPause ? pause * 2 : LongestPause;
            }
            catch (OperationCanceledException) when (ct.IsCancellationRequested)
            {
                return;
            }
        }
    }

    private async Task ServeAsync(Socket client, SshAgent agent, CancellationToken ct)
    {
        try
        {
            using NetworkStream stream = new(client, ownsSocket: true);
            if (Admit(client) is { } peer)
            {
                using AgentSession session = agent.OpenSession(peer);
                await new StreamConnection(stream, session.HandleAsync, _time).RunAsync(ct).ConfigureAwait(false);
            }
        }
        catch (SocketException)
        {
            // Gone before it could be asked who it is.
        }
        catch (IOException)
        {
            // Likewise.
        }
#pragma warning disable CA1031 // A fault on one connection must not pass unseen, and must not end the others.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            _log.Write(new AgentEvent(AgentEventLevel.Error, "connection",
                $"A connection on {Endpoint} ended by a fault of the agent: {exception.GetType().Name}: "
                + exception.Message));
        }
        finally
        {
            client.Dispose();
            Leave();
        }
    }

    private PeerInfo? Admit(Socket client)
    {
        PeerCredentials credentials = PeerCredentials.Of(client);
        PeerInfo peer = new(Name)
        {
            ProcessId = credentials.ProcessId,
            User = credentials.UserId.ToString(CultureInfo.InvariantCulture),
            ReadProcesses = () => credentials.ProcessId is { } pid ? ProcessTree.Read(pid) : [],
        };
        if (credentials.IsTrusted)
        {
            return peer;
        }

        _log.Write(new AgentEvent(AgentEventLevel.Warning, "peer",
            $"Refused {credentials.Describe()} on {Endpoint}: only you and root may use this agent.") { Peer = peer });
        return null;
    }

    private void Leave()
    {
        if (Interlocked.Decrement(ref _users) == 0)
        {
            _drained.TrySetResult();
        }
    }

    private async ValueTask PauseAsync(TimeSpan pause, CancellationToken ct)
    {
        try
        {
            await Task.Delay(pause, _time, ct).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (ct.IsCancellationRequested)
        {
            // The loop sees it.
        }
    }

    private void LogTrouble(SocketException exception)
    {
        if (_lastTrouble is { } last && _time.GetElapsedTime(last) < LogInterval)
        {
            return;
        }

        _lastTrouble = _time.GetTimestamp();
        _log.Write(new AgentEvent(AgentEventLevel.Error, "accept",
            $"New clients wait on {Endpoint}: {exception.Message}. If descriptors ran out, close some connections or "
            + "raise the limit (ulimit -n)."));
    }
}
