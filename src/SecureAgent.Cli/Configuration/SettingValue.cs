namespace SecureAgent.Cli.Configuration;

/// <summary>One effective setting.</summary>
/// <param name="Name">Its key in the configuration file.</param>
/// <param name="Value">Its value as text; <see langword="null"/> if it has none.</param>
/// <param name="Origin">Where the value came from: <c>FILE:LINE</c>, a variable, an option or <c>default</c>.</param>
internal sealed record SettingValue(string Name, string? Value, string Origin);
