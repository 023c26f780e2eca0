namespace SecureAgent.Cli.Configuration;

/// <summary>Another agent whose keys are offered too.</summary>
/// <param name="Endpoint">As <see cref="AgentEndpoint"/> reads it.</param>
/// <param name="Filter">Which of its keys (<see cref="Core.Upstream.Filter"/>); <see langword="null"/> for
/// all.</param>
internal sealed record UpstreamSetting(string Endpoint, IReadOnlyList<string>? Filter)
{
    /// <summary>As <c>config show</c> prints it.</summary>
    public override string ToString() => Filter is null ? Endpoint : $"{Endpoint} [{string.Join(", ", Filter)}]";
}
