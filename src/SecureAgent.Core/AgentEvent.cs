namespace SecureAgent.Core;

/// <summary>Something that happened in the agent, one line of its log.</summary>
/// <param name="Level">How much a person should care.</param>
/// <param name="Kind">Stable word for the kind of event, such as <c>sign</c> or <c>refused</c>.</param>
/// <param name="Message">One sentence: what happened, to which key or device, and what to do next. No secrets.</param>
public sealed record AgentEvent(AgentEventLevel Level, string Kind, string Message)
{
    /// <summary>The connection it happened on, if one.</summary>
    public PeerInfo? Peer { get; init; }

    /// <summary>Why a request was refused, if it was.</summary>
    public Refusal? Refusal { get; init; }

    /// <summary>Fingerprint of the key it is about (<c>SHA256:…</c>), if one.</summary>
    public string? Fingerprint { get; init; }
}
