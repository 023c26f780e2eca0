using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using Microsoft.Win32.SafeHandles;
using SecureAgent.Core;

namespace SecureAgent.Channels.NamedPipe;

/// <summary>Connects to the agent's own pipe from time to time, to see that clients get here and nowhere else. Another
/// program of the same user can add instances to the pipe, which no descriptor prevents, and the system gives each
/// client the instance that has waited longest: so a check goes once around all that wait.</summary>
/// <remarks>Its connections are closed without a word, and <see cref="HasLeftAsync"/> keeps them from being taken for
/// clients.</remarks>
[SupportedOSPlatform("windows")]
internal sealed class PipeSelfCheck
{
    private const uint BusyMilliseconds = 1000;

    private static readonly TimeSpan Interval = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan AnswerPatience = TimeSpan.FromSeconds(5);

    private readonly string _endpoint;
    private readonly int _processId;
    private readonly IAgentLog _log;
    private readonly TimeProvider _time;
    private volatile TaskCompletionSource _answered = new();
    private volatile Task _closed = Task.CompletedTask;
    private int _reported;

    /// <summary>Creates the check.</summary>
    /// <param name="endpoint">Full name of the pipe.</param>
    /// <param name="processId">The process that has to answer there.</param>
    /// <param name="log">Takes who answers in its place, or that nobody does.</param>
    /// <param name="time">The clock of the interval and of patience.</param>
    public PipeSelfCheck(string endpoint, int processId, IAgentLog log, TimeProvider time) =>
        (_endpoint, _processId, _log, _time) = (endpoint, processId, log, time);

    /// <summary>Whether a client belongs to a check; called for each that is accepted.</summary>
    /// <param name="clientId">Its process id.</param>
    public bool IsOwn(int clientId)
    {
        if (clientId != _processId)
        {
            return false;
        }

        _answered.TrySetResult();
        return true;
    }

    /// <summary>Whether a client of this process has left without a word, which shows once the check that is under way
    /// is over.</summary>
    public async ValueTask<bool> HasLeftAsync(SafePipeHandle pipe, CancellationToken ct)
    {
        await _closed.WaitAsync(ct).ConfigureAwait(false);
        return Win32.IsBroken(pipe);
    }

    /// <summary>Checks every minute until nobody answers any more, which it logs.</summary>
    public async Task WatchAsync(CancellationToken ct)
    {
        bool isAnswered;
        do
        {
            await Task.Delay(Interval, _time, ct).ConfigureAwait(false);
            (NamedPipeServer? foreign, isAnswered) = await CheckAsync(ct).ConfigureAwait(false);
            Report(foreign);
        }
        while (isAnswered);

        _log.Write(new AgentEvent(AgentEventLevel.Error, "listen",
            $"Nobody answered on {_endpoint} any more; the pipe is made anew."));
    }

    /// <summary>Checks once. Each connection waits until the one before has been answered, so that a check never takes
    /// more than one of the waiting instances from the clients.</summary>
    /// <returns>Who else serves the pipe, if anybody does, and whether somebody does at all.</returns>
    public async Task<(NamedPipeServer? Foreign, bool IsAnswered)> CheckAsync(CancellationToken ct)
    {
        TaskCompletionSource closed = new(TaskCreationOptions.RunContinuationsAsynchronously);
        _closed = closed.Task;
        List<SafePipeHandle> held = [];
        try
        {
            while (held.Count <= PipeAcceptor.Waiting)
            {
                TaskCompletionSource answered = new(TaskCreationOptions.RunContinuationsAsynchronously);
                _answered = answered;
#pragma warning disable CA2000 // Disposed below.
                if (Open() is not { } pipe)
#pragma warning restore CA2000
                {
                    return (null, false);
                }

                held.Add(pipe);
                int server = Win32.ServerProcessIdOf(pipe);
                if (server != _processId)
                {
                    return (NamedPipeServer.WithId(server), true);
                }

                await answered.Task.WaitAsync(AnswerPatience, _time, ct).ConfigureAwait(false);
            }

            return (null, true);
        }
        catch (TimeoutException)
        {
            return (null, false);
        }
        finally
        {
            held.ForEach(pipe => pipe.Dispose());
            closed.SetResult();
        }
    }

    private SafePipeHandle? Open()
    {
        SafePipeHandle pipe = Win32.OpenPipe(_endpoint, Win32.FILE_READ_ATTRIBUTES);
        if (pipe.IsInvalid && Marshal.GetLastPInvokeError() == Win32.ERROR_PIPE_BUSY
            && Win32.WaitNamedPipe(_endpoint, BusyMilliseconds))
        {
            pipe.Dispose();
            pipe = Win32.OpenPipe(_endpoint, Win32.FILE_READ_ATTRIBUTES);
        }

        if (pipe.IsInvalid)
        {
            pipe.Dispose();
            return null;
        }

        return pipe;
    }

    /// <summary>Logs each stranger once.</summary>
    private void Report(NamedPipeServer? foreign)
    {
        if (foreign is not null && foreign.ProcessId != _reported)
        {
            _log.Write(new AgentEvent(AgentEventLevel.Error, "squatter",
                $"{_endpoint} is also served by {foreign}, which gets some of the clients that are meant for this "
                + "agent. Stop that program."));
        }

        _reported = foreign?.ProcessId ?? 0;
    }
}
