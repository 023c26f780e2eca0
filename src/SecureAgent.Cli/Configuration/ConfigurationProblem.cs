namespace SecureAgent.Cli.Configuration;

/// <summary>Something wrong with the configuration.</summary>
/// <param name="Where">The file and line as <c>FILE:LINE</c>, the environment variable or the option.</param>
/// <param name="Message">What is wrong and what would be right.</param>
/// <param name="IsInvalid">Whether nothing can run with it (exit code 78). Otherwise it is ignored with a warning, and
/// only <c>config validate</c> fails on it.</param>
internal sealed record ConfigurationProblem(string Where, string Message, bool IsInvalid)
{
    /// <summary>One line for a person.</summary>
    public override string ToString() => $"{Where}: {Message}";
}
