using System.Runtime.InteropServices;

namespace SecureAgent.Cli.Hosting;

/// <summary>The signals of an agent, taken from its first moment to its last: those that end it, and SIGUSR1, which
/// removes all keys, as of OpenSSH's agent.</summary>
internal sealed class AgentSignals : IDisposable
{
    // Windows ends the process when the handler of a closed console returns, or five seconds after it began.
    private static readonly TimeSpan LongestEnd = TimeSpan.FromSeconds(5);

    private readonly CancellationTokenSource _end = new();
    private readonly TaskCompletionSource<PosixSignal> _first = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly PosixSignalRegistration _terminate;
    private readonly PosixSignalRegistration _hangUp;
    private readonly PosixSignalRegistration? _break;
    private readonly PosixSignalRegistration? _removeKeys;
    private readonly CancellationTokenRegistration _interrupted;
    private int _hasEnded;

    /// <summary>Takes the signals.</summary>
    /// <param name="removeKeys">Called for each SIGUSR1.</param>
    /// <param name="interrupted">Cancelled by SIGINT.</param>
    public AgentSignals(Action removeKeys, CancellationToken interrupted)
    {
        _terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Take);
        _hangUp = PosixSignalRegistration.Create(PosixSignal.SIGHUP, Take);
        if (OperatingSystem.IsWindows())
        {
            // Ctrl-Break; on other systems SIGQUIT is for who wants a core dump.
            _break = PosixSignalRegistration.Create(PosixSignal.SIGQUIT, Take);
        }

        if (OperatingSystem.IsLinux())
        {
            _removeKeys = PosixSignalRegistration.Create((PosixSignal)Libc.SIGUSR1, context =>
            {
                context.Cancel = true;
                removeKeys();
            });
        }

        _interrupted = interrupted.Register(() => End(PosixSignal.SIGINT));
    }

    /// <summary>Cancelled by the first signal that ends the agent.</summary>
    public CancellationToken Ended => _end.Token;

    /// <summary>The first signal that ends the agent.</summary>
    public Task<PosixSignal> FirstAsync => _first.Task;

    /// <summary>Ends the agent as <paramref name="signal"/> would.</summary>
    public void End(PosixSignal signal)
    {
        if (Interlocked.Exchange(ref _hasEnded, 1) == 0)
        {
            // In this order: whoever sees the signal may dispose of everything at once.
            _end.Cancel();
            _first.SetResult(signal);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _interrupted.Dispose();
        _terminate.Dispose();
        _hangUp.Dispose();
        _break?.Dispose();
        _removeKeys?.Dispose();
        _end.Dispose();
    }

    private void Take(PosixSignalContext context)
    {
        context.Cancel = true;
        End(context.Signal);
        if (OperatingSystem.IsWindows() && context.Signal is PosixSignal.SIGHUP or PosixSignal.SIGTERM)
        {
            // The console was closed, or the machine shuts down. The end of the process ends this thread.
            Thread.Sleep(LongestEnd);
        }
    }
}
