using System.Net.Sockets;
using SecureAgent.Core;

namespace SecureAgent.Channels;

/// <summary>Accepts the clients of one listening socket and hands each to a <see cref="StreamServer"/>. It never ends
/// before it is told to: what goes wrong with one client, or while the system has no room, must not cost the others
/// their agent.</summary>
/// <param name="listener">Listens; not disposed here.</param>
/// <param name="endpoint">What messages call it.</param>
/// <param name="server">Serves who is accepted.</param>
/// <param name="log">Takes trouble while accepting.</param>
/// <param name="time">The clock of every pause.</param>
/// <param name="wrap">What stands between a client's connection and the server; nothing without it.</param>
internal sealed class SocketAcceptor(
    Socket listener, string endpoint, StreamServer server, IAgentLog log, TimeProvider time,
    Func<Stream, Stream>? wrap = null)
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(10);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LogInterval = TimeSpan.FromMinutes(1);

    private long? _lastTrouble;

    /// <summary>Finds out who an accepted client is, on a task of its own.</summary>
    /// <param name="client">Connected; for asking the system about it.</param>
    /// <param name="stream">The same connection, for asking the client itself.</param>
    /// <param name="ct">Cancelled when it takes too long.</param>
    /// <returns><see langword="null"/> if the client is refused, which is logged.</returns>
    public delegate ValueTask<PeerInfo?> Admission(Socket client, Stream stream, CancellationToken ct);

    /// <summary>Accepts until <paramref name="ct"/> is cancelled.</summary>
    /// <param name="admit">A <see cref="SocketException"/> of it means that the client has gone.</param>
    /// <param name="ct">Ends it; the connections go on.</param>
    public async Task RunAsync(Admission admit, CancellationToken ct)
    {
        TimeSpan pause = FirstPause;
        while (!ct.IsCancellationRequested)
        {
            try
            {
                await server.MakeRoomAsync(ct).ConfigureAwait(false);
                Serve(await listener.AcceptAsync(ct).ConfigureAwait(false), admit);
                pause = FirstPause;
            }
            catch (OperationCanceledException) when (ct.IsCancellationRequested)
            {
                return;
            }
            catch (SocketException exception) when (exception.SocketErrorCode is SocketError.ConnectionReset
                or SocketError.ConnectionAborted)
            {
                // Gone before it was accepted.
            }
            catch (SocketException exception)
            {
                LogTrouble(exception.Message);
                await Task.Delay(pause, time, ct).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                pause = pause * 2 > LongestPause ? LongestPause : pause * 2;
            }
        }
    }

    private void Serve(Socket client, Admission admit)
    {
        try
        {
#pragma warning disable CA2000 // The server disposes it.
            NetworkStream stream = new(client, ownsSocket: true);
#pragma warning restore CA2000
            server.Serve(
                wrap?.Invoke(stream) ?? stream, processId: 0, ct => AdmitAsync(admit, client, stream, ct));
        }
        catch (IOException)
        {
            client.Dispose(); // Gone since it was accepted.
        }
    }

    private static async ValueTask<PeerInfo?> AdmitAsync(
        Admission admit, Socket client, Stream stream, CancellationToken ct)
    {
        try
        {
            return await admit(client, stream, ct).ConfigureAwait(false);
        }
        catch (SocketException)
        {
            return null; // Gone before it could be asked who it is.
        }
    }

    private void LogTrouble(string message)
    {
        if (_lastTrouble is { } last && time.GetElapsedTime(last) < LogInterval)
        {
            return;
        }

        _lastTrouble = time.GetTimestamp();
        log.Write(new AgentEvent(
            AgentEventLevel.Error, "accept", $"New clients wait on {endpoint}: {message}. Close some connections."));
    }
}
