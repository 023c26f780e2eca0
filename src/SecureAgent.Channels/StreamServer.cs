using SecureAgent.Core;

namespace SecureAgent.Channels;

/// <summary>Serves the clients of one channel on streams that the runtime waits for: admits each on a task of its own,
/// keeps their number within bounds, and sees to it that what goes wrong with one costs the others nothing.</summary>
internal sealed class StreamServer
{
    /// <summary>How long a client may take to show who it is.</summary>
    private static readonly TimeSpan AdmissionPatience = TimeSpan.FromSeconds(5);

    private readonly IAgent _agent;
    private readonly TimeProvider _time;
    private readonly CancellationToken _stopping;
    private readonly ConnectionTable _table;
    private readonly OpenConnections _connections;

    /// <summary>Creates the server.</summary>
    /// <param name="endpoint">What messages call it.</param>
    /// <param name="agent">Answers.</param>
    /// <param name="log">Takes faults.</param>
    /// <param name="time">The clock of every deadline.</param>
    /// <param name="stopping">Ends every connection.</param>
    public StreamServer(
        string endpoint, IAgent agent, IAgentLog log, TimeProvider time, CancellationToken stopping)
    {
        (_agent, _time, _stopping) = (agent, time, stopping);
        _connections = new OpenConnections(endpoint, log, time);
        _table = new ConnectionTable(ConnectionTable.LargestCapacity, time);
    }

    /// <summary>Waits until one more connection has a place.</summary>
    public async ValueTask MakeRoomAsync(CancellationToken ct)
    {
        while (_table.MakeRoom() is var wait && wait > TimeSpan.Zero)
        {
            await Task.Delay(wait, _time, ct).ConfigureAwait(false);
        }
    }

    /// <summary>Serves one client from now on, without keeping the caller.</summary>
    /// <param name="stream">Both directions; disposed when the client has gone.</param>
    /// <param name="processId">Process id of the client; 0 if it is not known.</param>
    /// <param name="admit">Finds out who it is, or refuses it, which it logs, by <see langword="null"/>. It may read and
    /// write, and is cancelled after 5 seconds; an <see cref="IOException"/> means that the client has gone.</param>
    public void Serve(Stream stream, int processId, Func<CancellationToken, ValueTask<PeerInfo?>> admit)
    {
        _connections.Enter();
        _ = Task.Run(() => ServeAsync(new ServedStream(processId, stream, _time.GetTimestamp()), admit));
    }

    /// <summary>Waits until every connection has closed, but not for ever.</summary>
    public Task DrainAsync()
    {
        _connections.Leave();
        return _connections.DrainAsync();
    }

    private async Task ServeAsync(ServedStream connection, Func<CancellationToken, ValueTask<PeerInfo?>> admit)
    {
        try
        {
            if (_table.TryAdd(connection) && await AdmitAsync(admit).ConfigureAwait(false) is { } peer)
            {
                using IAgentSession session = _agent.OpenSession(peer);
                StreamConnection frames = new(connection.Stream, session.HandleAsync, session.IsQuick, _time);
                if (connection.TryBegin(frames))
                {
                    await frames.RunAsync(_stopping).ConfigureAwait(false);
                }
            }
        }
        catch (Exception exception) when (exception is IOException or OperationCanceledException
            or ObjectDisposedException)
        {
            // Gone, too slow, or closed to make room before it had shown who it is.
        }
#pragma warning disable CA1031 // A fault on one connection must not pass unseen, and must not end the others.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            _connections.LogFault(exception);
        }
        finally
        {
            await connection.Stream.DisposeAsync().ConfigureAwait(false);
            _table.Remove(connection);
            _connections.Leave();
        }
    }

    private async Task<PeerInfo?> AdmitAsync(Func<CancellationToken, ValueTask<PeerInfo?>> admit)
    {
        using CancellationTokenSource patience = new(AdmissionPatience, _time);
        using CancellationTokenSource either =
            CancellationTokenSource.CreateLinkedTokenSource(_stopping, patience.Token);
        return await admit(either.Token).ConfigureAwait(false);
    }
}
