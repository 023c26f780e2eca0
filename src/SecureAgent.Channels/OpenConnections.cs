using SecureAgent.Core;

namespace SecureAgent.Channels;

/// <summary>How many connections of a channel are open, counting whoever accepts them as one, so that its end can wait for
/// theirs.</summary>
/// <param name="endpoint">What messages call the channel.</param>
/// <param name="log">Takes faults.</param>
/// <param name="time">The clock of the wait.</param>
internal sealed class OpenConnections(string endpoint, IAgentLog log, TimeProvider time)
{
    private static readonly TimeSpan ClosePatience = TimeSpan.FromSeconds(5);

    private readonly TaskCompletionSource _drained = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _count = 1;

    /// <summary>One more is open.</summary>
    public void Enter() => Interlocked.Increment(ref _count);

    /// <summary>One has closed, or no more are accepted.</summary>
    public void Leave()
    {
        if (Interlocked.Decrement(ref _count) == 0)
        {
            _drained.TrySetResult();
        }
    }

    /// <summary>Logs that one ended by what should not have happened.</summary>
    public void LogFault(Exception exception) => log.Write(new AgentEvent(AgentEventLevel.Error, "connection",
        $"A connection on {endpoint} ended by a fault of the agent: {exception.GetType().Name}: {exception.Message}"));

    /// <summary>Waits until all have closed and none is accepted, but not for ever.</summary>
    public Task DrainAsync() =>
        Task.WhenAny(_drained.Task, Task.Delay(ClosePatience, time, CancellationToken.None));
}
