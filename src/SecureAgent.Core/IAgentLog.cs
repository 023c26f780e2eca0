namespace SecureAgent.Core;

/// <summary>Receives every event of the agent. Implementations must not throw and must return at once.</summary>
public interface IAgentLog
{
    /// <summary>Takes one event. It never carries a secret or a payload.</summary>
    void Write(AgentEvent agentEvent);
}
