using System.CommandLine;

namespace SecureAgent.Cli.Commands;

/// <summary>The option of every listing.</summary>
internal static class JsonOption
{
    /// <summary>Creates <c>--json</c>.</summary>
    public static Option<bool> Create() => new("--json") { Description = "print JSON (\"schema\": 1)" };
}
