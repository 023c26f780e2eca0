using System.IO.Pipes;
using System.Runtime.Versioning;
using Microsoft.Win32.SafeHandles;
using SecureAgent.Core;

namespace SecureAgent.Channels.NamedPipe;

/// <summary>Keeps instances of a pipe waiting for clients, and hands over each client that comes. It never ends before
/// it is told to.</summary>
[SupportedOSPlatform("windows")]
internal sealed class PipeAcceptor
{
    /// <summary>How many clients can come at the same moment so that none is told ERROR_PIPE_BUSY, which many take for
    /// the end: so many instances wait, and each is replaced before its client is served.</summary>
    public const int MostAtOnce = 64;

    /// <summary>How many instances wait, one of them for the self-check.</summary>
    public const int Waiting = MostAtOnce + 1;

    /// <summary>ERROR_NO_DATA as an HRESULT: the client had left again before it was waited for.</summary>
    private const int ClientLeft = unchecked((int)0x800700E8);

    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(10);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LogInterval = TimeSpan.FromMinutes(1);

    private readonly string _endpoint;
    private readonly Func<SafePipeHandle> _create;
    private readonly Func<NamedPipeServerStream, CancellationToken, Task> _serve;
    private readonly IAgentLog _log;
    private readonly TimeProvider _time;
    private readonly Lock _gate = new();
    private long? _lastTrouble;

    /// <summary>Creates the acceptor.</summary>
    /// <param name="endpoint">What messages call the pipe.</param>
    /// <param name="create">Makes one more instance; throws <see cref="IOException"/>.</param>
    /// <param name="serve">Takes over a client; completes when there may be another.</param>
    /// <param name="log">Takes trouble while accepting.</param>
    /// <param name="time">The clock of pauses.</param>
    public PipeAcceptor(string endpoint, Func<SafePipeHandle> create,
        Func<NamedPipeServerStream, CancellationToken, Task> serve, IAgentLog log, TimeProvider time) =>
        (_endpoint, _create, _serve, _log, _time) = (endpoint, create, serve, log, time);

    /// <summary>Accepts until <paramref name="ct"/> is cancelled. When this returns its task, clients can
    /// connect.</summary>
    /// <param name="first">An instance that there is already.</param>
    /// <param name="ct">Ends it; clients that it has handed over stay.</param>
    public Task RunAsync(SafePipeHandle? first, CancellationToken ct) => Task.WhenAll(
        Enumerable.Range(0, Waiting).Select(i => AcceptAsync(i == 0 && first is not null ? Wrap(first) : null, ct)));

    private static NamedPipeServerStream Wrap(SafePipeHandle pipe) =>
        new(PipeDirection.InOut, isAsync: true, isConnected: false, pipe);

    private async Task AcceptAsync(NamedPipeServerStream? instance, CancellationToken ct)
    {
        TimeSpan pause = TimeSpan.Zero;
        NamedPipeServerStream? client = null;
        try
        {
#pragma warning disable CA2000 // Disposed below, or handed over.
            while (true)
            {
                try
                {
                    instance ??= Wrap(_create());
                    await instance.WaitForConnectionAsync(ct).ConfigureAwait(false);
                    (client, instance) = (instance, null);
                    instance = Wrap(_create());
                    pause = TimeSpan.Zero;
                }
                catch (Exception exception) when (exception is IOException or InvalidOperationException)
                {
                    Discard(ref instance);
                    if (exception.HResult != ClientLeft)
                    {
                        LogTrouble(exception.Message);
                        pause = TimeSpan.FromTicks(Math.Clamp(pause.Ticks * 2, FirstPause.Ticks, LongestPause.Ticks));
                    }
                }

                if (client is not null)
                {
                    await _serve(client, ct).ConfigureAwait(false);
                    client = null;
                }

                if (pause > TimeSpan.Zero)
                {
                    await Task.Delay(pause, _time, ct).ConfigureAwait(false);
                }
            }
#pragma warning restore CA2000
        }
        catch (OperationCanceledException) when (ct.IsCancellationRequested)
        {
            // It is told to stop.
        }
        finally
        {
            Discard(ref instance);
            Discard(ref client);
        }
    }

    private static void Discard(ref NamedPipeServerStream? pipe)
    {
        pipe?.Dispose();
        pipe = null;
    }

    private void LogTrouble(string message)
    {
        lock (_gate)
        {
            if (_lastTrouble is { } last && _time.GetElapsedTime(last) < LogInterval)
            {
                return;
            }

            _lastTrouble = _time.GetTimestamp();
        }

        _log.Write(new AgentEvent(AgentEventLevel.Error, "accept",
            $"New clients may have to wait on {_endpoint}: {message}"));
    }
}
