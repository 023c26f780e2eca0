using SecureAgent.Core;

namespace SecureAgent.Channels.Relay;

/// <summary>Keeps the process at the other end of a relay: starts it for the first client, and again when it has ended
/// and somebody asks; ever more rarely if it ends as soon as it is started.</summary>
public sealed class RelaySupervisor : IAsyncDisposable
{
    /// <summary>A Windows program that lies on the Linux side of WSL2 takes 25 s to start.</summary>
    private static readonly TimeSpan HelloPatience = TimeSpan.FromSeconds(60);

    /// <summary>One that ends sooner has not worked.</summary>
    private static readonly TimeSpan ShortLife = TimeSpan.FromSeconds(10);

    private static readonly TimeSpan FirstPause = TimeSpan.FromSeconds(0.5);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(30);

    private readonly object _gate = new();
    private readonly string _name;
    private readonly Func<IRelayProcess> _start;
    private readonly IAgentLog _log;
    private readonly TimeProvider _time;
    private readonly CancellationTokenSource _stopping = new();
    private Task<RelayMultiplexer>? _current;
    private Task _running = Task.CompletedTask;
    private int _failures;
    private string _lastFailure = "";
    private long _failedAt;

    /// <summary>Creates it; nothing is started yet.</summary>
    /// <param name="name">What messages call the process.</param>
    /// <param name="start">Starts it; throws <see cref="ChannelException"/> with the cure if that fails.</param>
    /// <param name="log">Takes its unexpected ends.</param>
    /// <param name="time">The clock of every deadline and pause.</param>
    public RelaySupervisor(string name, Func<IRelayProcess> start, IAgentLog log, TimeProvider time) =>
        (_name, _start, _log, _time) = (name, start, log, time);

    /// <summary>Opens a connection through the process, which is started if it does not run.</summary>
    /// <param name="introduction">Who the client is.</param>
    /// <param name="ct">Cancels the waiting.</param>
    /// <exception cref="ChannelException">The process does not work; or did not a moment ago, and is not tried again
    /// yet.</exception>
    public async ValueTask<Stream> ConnectAsync(ReadOnlyMemory<byte> introduction, CancellationToken ct)
    {
        try
        {
            return await OpenAsync(introduction, ct).ConfigureAwait(false);
        }
        catch (IOException)
        {
            // It has just ended: the next one starts when it is gone.
            await Volatile.Read(ref _running).WaitAsync(ct).ConfigureAwait(false);
        }

        try
        {
            return await OpenAsync(introduction, ct).ConfigureAwait(false);
        }
        catch (IOException exception)
        {
            throw new ChannelException($"{_name}: {exception.Message}", exception);
        }
    }

    /// <summary>Ends the process.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync().ConfigureAwait(false);
        Task<RelayMultiplexer>? current;
        lock (_gate)
        {
            current = _current;
        }

        if (current is not null)
        {
            // It may be about to start.
            await Task.WhenAny(current).ConfigureAwait(false);
        }

        await Volatile.Read(ref _running).ConfigureAwait(false);
        _stopping.Dispose();
    }

    private async ValueTask<Stream> OpenAsync(ReadOnlyMemory<byte> introduction, CancellationToken ct)
    {
        RelayMultiplexer relay = await CurrentAsync().WaitAsync(ct).ConfigureAwait(false);
        return await relay.OpenAsync(introduction, ct).ConfigureAwait(false);
    }

    private Task<RelayMultiplexer> CurrentAsync()
    {
        lock (_gate)
        {
            if (_stopping.IsCancellationRequested)
            {
                throw new ChannelException("The relay is about to end.");
            }

            if (_current is null && _time.GetElapsedTime(_failedAt) < PauseAfter(_failures))
            {
                throw new ChannelException(_lastFailure);
            }

            return _current ??= Task.Run(StartAsync);
        }
    }

    private async Task<RelayMultiplexer> StartAsync()
    {
        long startedAt = _time.GetTimestamp();
        IRelayProcess process;
        try
        {
            process = _start();
        }
        catch (ChannelException exception)
        {
            throw Failed(exception.Message);
        }

#pragma warning disable CA2000 // They live as long as the process.
        RelayMultiplexer relay = RelayMultiplexer.Listening(process.Output, process.Input, _time);
        CancellationTokenSource ending = CancellationTokenSource.CreateLinkedTokenSource(_stopping.Token);
#pragma warning restore CA2000
        using CancellationTokenSource answered = new();
        Task<string> running = RunAsync(process, relay, ending.Token);
        Task patience = Task.Delay(HelloPatience, _time, answered.Token);
        await Task.WhenAny(relay.Ready, running, patience).ConfigureAwait(false);
        await answered.CancelAsync().ConfigureAwait(false);
        if (relay.Ready.IsCompletedSuccessfully)
        {
            Volatile.Write(ref _running, WatchAsync(relay, running, ending, startedAt));
            return relay;
        }

        bool isLate = !running.IsCompleted && !relay.Ready.IsCompleted;
        await ending.CancelAsync().ConfigureAwait(false);
        string end = await running.ConfigureAwait(false);
        ending.Dispose();
        relay.Dispose();
        throw Failed(isLate
            ? $"{_name} has said nothing for {HelloPatience.TotalSeconds:0} s. Does it end in relay --multiplex?"
            : $"{_name} does not work: {end}.");
    }

    /// <summary>Runs the relay and ends the process with it.</summary>
    /// <returns>Why it ended.</returns>
    private static async Task<string> RunAsync(IRelayProcess process, RelayMultiplexer relay, CancellationToken ct)
    {
        string? violation = null;
        try
        {
            await relay.RunAsync(ct).ConfigureAwait(false);
        }
        catch (RelayProtocolException exception)
        {
            violation = exception.Message;
        }
        catch (OperationCanceledException)
        {
            // Whoever cancelled knows why.
        }

        await process.DisposeAsync().ConfigureAwait(false);
        string end = await process.Ended.ConfigureAwait(false);
        return violation ?? $"it ended {end}";
    }

    private async Task WatchAsync(
        RelayMultiplexer relay, Task<string> running, CancellationTokenSource ending, long startedAt)
    {
        string end = await running.ConfigureAwait(false);
        ending.Dispose();
        bool isShort = _time.GetElapsedTime(startedAt) < ShortLife;
        lock (_gate)
        {
            if (_stopping.IsCancellationRequested || relay.WasIdle || !isShort)
            {
                (_current, _failures) = (null, 0);
            }
        }

        if (!_stopping.IsCancellationRequested && !relay.WasIdle)
        {
            string message = $"{_name} is gone: {end}. The next request starts it again.";
            if (isShort)
            {
                Failed(message);
            }

            _log.Write(new AgentEvent(AgentEventLevel.Warning, "relay", message));
        }

        relay.Dispose();
    }

    private ChannelException Failed(string message)
    {
        lock (_gate)
        {
            _current = null;
            _failures++;
            (_lastFailure, _failedAt) = (message, _time.GetTimestamp());
        }

        return new ChannelException(message);
    }

    /// <summary>The first time may be bad luck.</summary>
    private static TimeSpan PauseAfter(int failures)
    {
        if (failures < 2)
        {
            return TimeSpan.Zero;
        }

        TimeSpan pause = FirstPause * Math.Pow(2, Math.Min(failures - 2, 10));
        return pause < LongestPause ? pause : LongestPause;
    }
}
