namespace SecureAgent.Core;

/// <summary>The agent at one moment.</summary>
/// <param name="Identities">How many identities an unlocked list shows.</param>
/// <param name="Sessions">Connections that are open.</param>
/// <param name="IsLocked">Whether it is locked.</param>
/// <param name="Signatures">Signatures since the start.</param>
/// <param name="Refusals">Refused requests since the start.</param>
/// <param name="LastRefusal">The latest of them, if any.</param>
/// <param name="LastRefusalAt">When that was.</param>
/// <param name="SecretMemoryWeakness">Why secrets are less protected than they should be, or
/// <see langword="null"/>.</param>
public sealed record AgentStatus(
    int Identities,
    int Sessions,
    bool IsLocked,
    long Signatures,
    long Refusals,
    AgentEvent? LastRefusal,
    DateTimeOffset? LastRefusalAt,
    string? SecretMemoryWeakness);
