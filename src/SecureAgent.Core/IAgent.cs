namespace SecureAgent.Core;

/// <summary>What a channel serves: the agent itself, or something that passes on to another one.</summary>
public interface IAgent
{
    /// <summary>Opens the session of one connection; the channel disposes it when the connection ends.</summary>
    IAgentSession OpenSession(PeerInfo peer);
}
