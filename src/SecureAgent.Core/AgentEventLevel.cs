namespace SecureAgent.Core;

/// <summary>How much a person should care about an <see cref="AgentEvent"/>.</summary>
public enum AgentEventLevel
{
    /// <summary>Only when hunting a fault.</summary>
    Debug,

    /// <summary>Ordinary use.</summary>
    Information,

    /// <summary>Refused, degraded or odd; the agent goes on.</summary>
    Warning,

    /// <summary>Something is broken and needs a person.</summary>
    Error,
}
