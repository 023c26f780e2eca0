namespace SecureAgent.Cli.Output;

/// <summary>The agent in <see cref="StatusOutput"/>.</summary>
internal sealed record AgentOutput
{
    /// <summary>The socket that was tried.</summary>
    public required string Endpoint { get; init; }

    /// <summary>Whether an agent answers there.</summary>
    public required bool Reachable { get; init; }

    /// <summary>Why not, or null.</summary>
    public string? Problem { get; init; }

    /// <summary>Whether it is locked; null if it does not say.</summary>
    public bool? Locked { get; init; }

    /// <summary>How many keys and certificates it lists, or null if it did not answer.</summary>
    public int? Keys { get; init; }
}
