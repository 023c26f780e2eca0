using System.Globalization;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using SecureAgent.Core;

namespace SecureAgent.Channels.UnixSocket;

/// <summary>Accepts the clients of one listening socket and serves each. It never ends before it is told to: what goes
/// wrong with one client, or while the system is out of descriptors, must not cost the others their
/// agent.</summary>
internal sealed class UnixSocketServer : IReadinessTarget, IDisposable
{
    /// <summary>The channel's name.</summary>
    public const string Name = "unix";

    /// <summary>Signatures that take longer are made on the pool's threads, of which there are as many as
    /// processors.</summary>
    private const int MostLoops = 4;

    /// <summary>Those who are connected already have their turn between.</summary>
    private const int AcceptsPerTurn = 16;

    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(10);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LogInterval = TimeSpan.FromMinutes(1);

    private readonly UnixSocketListener _listener;
    private readonly string _endpoint;
    private readonly IAgent _agent;
    private readonly IAgentLog _log;
    private readonly TimeProvider _time;
    private readonly CancellationToken _stopping;
    private readonly ConnectionTable _table;

    // The first also waits for clients. Quick requests are answered on these threads, so that there is more than one.
    private readonly EpollLoop[] _loops;
    private int _nextLoop;
    private readonly ITimer _resuming;
    private readonly OpenConnections _connections;
    private long? _lastTrouble;
    private TimeSpan _nextPause = FirstPause;
    private volatile bool _isPaused;
    private bool _isClosed;

    /// <summary>Creates the server; <see cref="RunAsync"/> serves.</summary>
    /// <param name="listener">Owned by the server once it runs.</param>
    /// <param name="endpoint">What messages call it.</param>
    /// <param name="agent">Answers.</param>
    /// <param name="log">Takes refused peers and trouble while accepting.</param>
    /// <param name="time">The clock of every deadline and pause.</param>
    /// <param name="stopping">Ends it, and every connection.</param>
    /// <exception cref="IOException">The system refused what waiting for clients takes.</exception>
    public UnixSocketServer(
        UnixSocketListener listener,
        string endpoint,
        IAgent agent,
        IAgentLog log,
        TimeProvider time,
        CancellationToken stopping)
    {
        (_listener, _endpoint, _agent, _log, _time, _stopping) = (listener, endpoint, agent, log, time, stopping);
        _connections = new OpenConnections(endpoint, log, time);
        _table = new ConnectionTable(DescriptorLimit.RaiseForConnections(), time);
        _listener.Socket.Blocking = false;
        int loops = Math.Clamp(Environment.ProcessorCount, 1, MostLoops);
        _loops = [.. Enumerable.Range(0, loops).Select(_ => new EpollLoop())];
        Accepting.Add(Descriptor, Libc.EPOLLIN, this);
        _resuming = time.CreateTimer(
            _ => Accepting.Invoke(Resume), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    private EpollLoop Accepting => _loops[0];

    private int Descriptor => (int)_listener.Socket.Handle;

    /// <summary>Serves until it is told to stop, then closes every connection.</summary>
    public async Task RunAsync()
    {
        foreach (EpollLoop loop in _loops)
        {
            loop.Start($"{Name} channel");
        }

        TaskCompletionSource stop = new(TaskCreationOptions.RunContinuationsAsynchronously);
        CancellationTokenRegistration stopping = _stopping.UnsafeRegister(_ => stop.SetResult(), null);
        await using (stopping.ConfigureAwait(false))
        {
            await stop.Task.ConfigureAwait(false);
        }

        Accepting.Invoke(Close);
        await _connections.DrainAsync().ConfigureAwait(false);
    }

    /// <summary>Ends the waiting for clients.</summary>
    public void Dispose()
    {
        _resuming.Dispose();
        foreach (EpollLoop loop in _loops)
        {
            loop.Dispose();
        }
    }

    /// <summary>Somebody waits to be accepted.</summary>
    public void OnReady(uint events)
    {
        if (_isClosed)
        {
            return;
        }

        TimeSpan wait = _table.MakeRoom();
        if (wait > TimeSpan.Zero)
        {
            Pause(wait);
            return;
        }

        int accepted = 0;
        while (TryAccept() && ++accepted < AcceptsPerTurn && _table.HasRoom)
        {
        }
    }

    /// <summary>Takes one client.</summary>
    /// <returns>Whether there may be another.</returns>
    private bool TryAccept()
    {
        int socket = Libc.Accept(_listener.Socket.SafeHandle, 0, 0, Libc.SOCK_CLOEXEC | Libc.SOCK_NONBLOCK);
        if (socket >= 0)
        {
            _nextPause = FirstPause;
            _connections.Enter();
            EpollLoop loop = _loops[_nextLoop++ % _loops.Length];
            if (loop == Accepting)
            {
                _ = ServeAsync(socket, loop);
            }
            else
            {
                loop.Invoke(() => _ = ServeAsync(socket, loop));
            }

            return true;
        }

        switch (Marshal.GetLastPInvokeError())
        {
            case Libc.EAGAIN:
                return false;
            case Libc.EINTR or Libc.ECONNABORTED:
                return true;
            case int error:
                bool eases = error is Libc.EMFILE or Libc.ENFILE && _table.TryEvict();
                LogTrouble(Marshal.GetPInvokeErrorMessage(error));
                Pause(_nextPause);
                _nextPause = eases || _nextPause * 2 > LongestPause ? _nextPause : _nextPause * 2;
                return false;
        }
    }

    /// <summary>Lets clients wait to be accepted for a while, or until a connection ends.</summary>
    private void Pause(TimeSpan length)
    {
        _isPaused = true;
        Accepting.Change(Descriptor, 0);
        _resuming.Change(length, Timeout.InfiniteTimeSpan);
    }

    private void Resume()
    {
        if (_isPaused && !_isClosed)
        {
            _isPaused = false;
            Accepting.Change(Descriptor, Libc.EPOLLIN);
        }
    }

    private void Close()
    {
        _isClosed = true;
        Accepting.Remove(Descriptor);
        _listener.Dispose();
        Leave();
    }

    private async Task ServeAsync(int socket, EpollLoop loop)
    {
#pragma warning disable CA2000 // Disposed below, before its place is given away.
        EpollStream stream = new(loop, socket);
#pragma warning restore CA2000
        UnixConnection? connection = null;
        try
        {
            if (Admit(socket) is { } peer)
            {
                using IAgentSession session = _agent.OpenSession(peer);
                StreamConnection frames = new(stream, session.HandleAsync, session.IsQuick, _time);
                connection = new UnixConnection(peer.ProcessId ?? 0, stream, frames);
                if (_table.TryAdd(connection))
                {
                    await frames.RunAsync(_stopping).ConfigureAwait(false);
                }
            }
        }
        catch (SocketException)
        {
            // Gone before it could be asked who it is.
        }
#pragma warning disable CA1031 // A fault on one connection must not pass unseen, and must not end the others.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            _connections.LogFault(exception);
        }
        finally
        {
            await stream.DisposeAsync().ConfigureAwait(false);
            if (connection is not null)
            {
                _table.Remove(connection);
            }

            Leave();
        }
    }

    private PeerInfo? Admit(int client)
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
            $"Refused {credentials.Describe()} on {_endpoint}: only you and root may use this agent.") { Peer = peer });
        return null;
    }

    private void Leave()
    {
        if (_isPaused)
        {
            Accepting.Invoke(Resume);
        }

        _connections.Leave();
    }

    private void LogTrouble(string message)
    {
        if (_lastTrouble is { } last && _time.GetElapsedTime(last) < LogInterval)
        {
            return;
        }

        _lastTrouble = _time.GetTimestamp();
        _log.Write(new AgentEvent(AgentEventLevel.Error, "accept",
            $"New clients wait on {_endpoint}: {message}. If descriptors ran out, close some connections or raise the "
            + "limit (ulimit -n)."));
    }
}
