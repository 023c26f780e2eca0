namespace SecureAgent.Core;

/// <summary>Why one request is not done.</summary>
/// <param name="Reason">The kind.</param>
/// <param name="Message">What the log says.</param>
internal sealed record Refused(Refusal Reason, string Message)
{
    /// <summary>Fingerprint of the key it is about, if one.</summary>
    public string? Fingerprint { get; init; }
}
