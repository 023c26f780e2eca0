namespace SecureAgent.Cli.Output;

/// <summary><c>config show --json</c>. Fields are only ever added; a change of meaning is another
/// <paramref name="Schema"/>.</summary>
/// <param name="Schema">1.</param>
/// <param name="Files">The configuration files that were read.</param>
/// <param name="Settings">The effective settings.</param>
internal sealed record ConfigurationOutput(
    int Schema, IReadOnlyList<string> Files, IReadOnlyList<SettingOutput> Settings);
