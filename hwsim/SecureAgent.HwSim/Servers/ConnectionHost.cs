using System.Net.Sockets;

namespace SecureAgent.HwSim.Servers;

/// <summary>Accepts the clients of a server and serves each on its own, so that none waits for, or dies with,
/// another.</summary>
internal sealed class ConnectionHost : IAsyncDisposable
{
    /// <summary>How many clients one server serves at once; one more is closed at once.</summary>
    public const int MaxConnections = 256;

    private static readonly TimeSpan AcceptPause = TimeSpan.FromMilliseconds(100);

    private readonly CancellationTokenSource _stopping = new();
    private readonly List<Socket> _listeners = [];
    private readonly List<Task> _acceptLoops = [];
    private readonly Lock _lock = new();
    private readonly HashSet<Task> _clients = [];
    private readonly List<Exception> _failures = [];
    private readonly TaskCompletionSource _stopped = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly CancellationTokenRegistration _registration;
    private int _disposed;

    public ConnectionHost()
    {
        _registration = _stopping.Token.Register(() => _stopped.TrySetResult());
    }

    /// <summary>Completes when the server was told to stop, by a client or by its owner.</summary>
    public Task Stopped => _stopped.Task;

    /// <summary>Serves every client of <paramref name="listener"/> with <paramref name="serve"/>, which returns to
    /// close
    /// the connection.</summary>
    public void Listen(Socket listener, Func<Connection, Task> serve)
    {
        _listeners.Add(listener);
        _acceptLoops.Add(AcceptAsync(listener, serve));
    }

    /// <summary>Ends all connections and accepts no more.</summary>
    public void Stop() => _stopping.Cancel();

    /// <summary>Stops, and waits until every client's task has ended.</summary>
    /// <exception cref="AggregateException">A client's connection died of a fault in the simulator.</exception>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0)
        {
            return;
        }

        await _stopping.CancelAsync().ConfigureAwait(false);
        foreach (Socket listener in _listeners)
        {
            listener.Dispose();
        }

        await Task.WhenAll(_acceptLoops).ConfigureAwait(false);
        Task[] clients;
        lock (_lock)
        {
            clients = [.. _clients];
        }

        await Task.WhenAll(clients).ConfigureAwait(false);
        await _registration.DisposeAsync().ConfigureAwait(false);
        _stopping.Dispose();
        lock (_lock)
        {
            if (_failures.Count > 0)
            {
                throw new AggregateException("The simulator failed while it served a client.", _failures);
            }
        }
    }

    private async Task AcceptAsync(Socket listener, Func<Connection, Task> serve)
    {
        while (!_stopping.IsCancellationRequested)
        {
            try
            {
                Socket client = await listener.AcceptAsync(_stopping.Token).ConfigureAwait(false);
                Start(client, serve);
            }
            catch (Exception e) when (e is OperationCanceledException or ObjectDisposedException)
            {
                return;
            }
            catch (SocketException)
            {
                // A client that left before it was accepted, or no file descriptors left for a moment.
                await Task.WhenAny(Task.Delay(AcceptPause), Stopped).ConfigureAwait(false);
            }
        }
    }

    private void Start(Socket client, Func<Connection, Task> serve)
    {
        lock (_lock)
        {
            if (_clients.Count >= MaxConnections)
            {
                client.Dispose();
                return;
            }

            // The task is in the set before it can remove itself: ServeAsync yields first and needs the lock to remove.
            TaskCompletionSource<Task> self = new();
            Task task = ServeAsync(client, serve, self.Task);
            _clients.Add(task);
            self.SetResult(task);
        }
    }

    private async Task ServeAsync(Socket client, Func<Connection, Task> serve, Task<Task> self)
    {
        await Task.Yield();
        try
        {
            using Connection connection = new(client, _stopping.Token);
            await serve(connection).ConfigureAwait(false);
        }
        catch (Exception e) when (e is IOException or SocketException or OperationCanceledException)
        {
            // The client went away, was too slow, or the server stops: this connection is over, the others are not.
        }
#pragma warning disable CA1031 // A fault of the simulator ends one connection and is shown when the server is disposed.
        catch (Exception e)
#pragma warning restore CA1031
        {
            lock (_lock)
            {
                _failures.Add(e);
            }
        }
        finally
        {
            client.Dispose();
            Task task = await self.ConfigureAwait(false);
            lock (_lock)
            {
                _clients.Remove(task);
            }
        }
    }
}
