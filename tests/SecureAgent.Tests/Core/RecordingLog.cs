using System.Collections.Concurrent;
using SecureAgent.Core;

namespace SecureAgent.Tests.Core;

/// <summary>Keeps every event.</summary>
internal sealed class RecordingLog : IAgentLog
{
    private readonly ConcurrentQueue<AgentEvent> _events = new();

    public IReadOnlyList<AgentEvent> Events => [.. _events];

    public IReadOnlyList<AgentEvent> Refusals => [.. _events.Where(agentEvent => agentEvent.Refusal is not null)];

    public void Write(AgentEvent agentEvent) => _events.Enqueue(agentEvent);
}
