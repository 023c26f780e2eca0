namespace SecureAgent.Core;

/// <summary>What all connections to one other agent share: whether it answers, so that an absent one costs one line in
/// the log and not one per request.</summary>
internal sealed class UpstreamState
{
    private readonly string _name;
    private readonly IAgentLog _log;
    private int _isLost;

    /// <summary>Creates it, for an agent that is taken to answer.</summary>
    /// <param name="name">How the user named it.</param>
    /// <param name="log">Is told of changes.</param>
    public UpstreamState(string name, IAgentLog log) => (_name, _log) = (name, log);

    /// <summary>It does not answer.</summary>
    public void Lost(string reason)
    {
        if (Interlocked.Exchange(ref _isLost, 1) == 0)
        {
            _log.Write(new AgentEvent(AgentEventLevel.Warning, "upstream",
                $"{_name} does not answer, and its keys are left out until it does: {reason}"));
        }
    }

    /// <summary>It answers.</summary>
    public void Found()
    {
        if (Volatile.Read(ref _isLost) != 0 && Interlocked.Exchange(ref _isLost, 0) != 0)
        {
            _log.Write(new AgentEvent(AgentEventLevel.Information, "upstream", $"{_name} answers again."));
        }
    }
}
