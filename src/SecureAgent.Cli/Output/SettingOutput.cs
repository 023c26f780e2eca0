namespace SecureAgent.Cli.Output;

/// <summary>One setting in <see cref="ConfigurationOutput"/>.</summary>
/// <param name="Name">Its key.</param>
/// <param name="Value">Its value, or null.</param>
/// <param name="Origin">Where the value came from.</param>
internal sealed record SettingOutput(string Name, string? Value, string Origin);
