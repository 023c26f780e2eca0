namespace SecureAgent.Core;

/// <summary>What all connections to one other agent share: whether it answers, so that an absent one costs one line in
/// the log and not one per request.</summary>
internal sealed class UpstreamState
{
    private readonly IAgentLog _log;
    private int _isLost;

    public UpstreamState(Upstream upstream, IAgentLog log) => (Upstream, _log) = (upstream, log);

    /// <summary>The agent and how to reach it.</summary>
    public Upstream Upstream { get; }

    /// <summary>It does not answer.</summary>
    public void Lost(string reason)
    {
        if (Interlocked.Exchange(ref _isLost, 1) == 0)
        {
            _log.Write(new AgentEvent(AgentEventLevel.Warning, "upstream",
                $"{Upstream.Name} does not answer, and its keys are left out until it does: {reason}"));
        }
    }

    /// <summary>It answers.</summary>
    public void Found()
    {
        if (Volatile.Read(ref _isLost) != 0 && Interlocked.Exchange(ref _isLost, 0) != 0)
        {
            _log.Write(new AgentEvent(AgentEventLevel.Information, "upstream", $"{Upstream.Name} answers again."));
        }
    }
}
