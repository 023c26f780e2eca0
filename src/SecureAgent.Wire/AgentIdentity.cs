namespace SecureAgent.Wire;

/// <summary>One entry of SSH_AGENT_IDENTITIES_ANSWER.</summary>
/// <param name="Blob">The key or certificate.</param>
/// <param name="Comment">Text beside it.</param>
public readonly record struct AgentIdentity(KeyBlob Blob, string Comment);
