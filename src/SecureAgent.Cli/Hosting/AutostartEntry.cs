namespace SecureAgent.Cli.Hosting;

/// <summary>The command line with which Windows starts the agent when the user logs on.</summary>
internal static class AutostartEntry
{
    /// <summary>Name of the entry.</summary>
    public const string Name = "SecureAgent";

    private const string Run = " run";

    /// <summary>What is written.</summary>
    /// <param name="program">Path of the program.</param>
    public static string CommandLine(string program) => $"\"{program}\"{Run}";

    /// <summary>Whether <paramref name="commandLine"/> is one that this program wrote, wherever it was then.</summary>
    /// <param name="commandLine">What there is.</param>
    /// <param name="program">Path of the program now.</param>
    public static bool IsOurs(string commandLine, string program)
    {
        const string End = "\"" + Run;
        return commandLine.Length > End.Length
            && commandLine.StartsWith('"')
            && commandLine.EndsWith(End, StringComparison.Ordinal)
            && FileName(commandLine[1..^End.Length])
                .Equals(FileName(program), StringComparison.OrdinalIgnoreCase);
    }

    // Of a Windows path, on whatever system.
    private static string FileName(string path) => path[(path.LastIndexOf('\\') + 1)..];
}
