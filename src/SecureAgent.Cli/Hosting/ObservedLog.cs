using SecureAgent.Core;

namespace SecureAgent.Cli.Hosting;

/// <summary>Passes every event on to a log, and to whoever looks on.</summary>
/// <param name="log">The log.</param>
internal sealed class ObservedLog(IAgentLog log) : IAgentLog
{
    /// <summary>Raised for each event, on the thread that it happened on, which must not be kept.</summary>
    public event Action<AgentEvent>? Written;

    /// <inheritdoc/>
    public void Write(AgentEvent agentEvent)
    {
        log.Write(agentEvent);
        Written?.Invoke(agentEvent);
    }
}
