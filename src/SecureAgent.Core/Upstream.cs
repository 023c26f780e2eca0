namespace SecureAgent.Core;

/// <summary>Another agent whose keys are offered too.</summary>
/// <param name="Name">How the user named it: its endpoint.</param>
/// <param name="Dialer">Reaches it, once per client connection.</param>
public sealed record Upstream(string Name, IAgentDialer Dialer)
{
    /// <summary>Which of its keys are offered: fingerprints (<c>SHA256:…</c>) or comment patterns with <c>*</c> and
    /// <c>?</c>; one that begins with <c>!</c> leaves out. <see langword="null"/> for all.</summary>
    public IReadOnlyList<string>? Filter { get; init; }
}
