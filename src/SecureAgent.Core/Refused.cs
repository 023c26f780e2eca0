namespace SecureAgent.Core;

/// <summary>Why one request is not done.</summary>
/// <param name="Reason">The kind.</param>
/// <param name="Message">What the log says.</param>
internal sealed record Refused(Refusal Reason, string Message)
{
    /// <summary>What is known of the use that was refused, if it was one.</summary>
    public KeyUse? Use { get; init; }
}
