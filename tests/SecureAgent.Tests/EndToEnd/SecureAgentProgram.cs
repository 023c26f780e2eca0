namespace SecureAgent.Tests.EndToEnd;

/// <summary>The program under test: the one built beside the tests, or the one that SECURE_AGENT_PROGRAM names
/// (such as the
/// trimmed publish).</summary>
internal static class SecureAgentProgram
{
    /// <summary>Where it is.</summary>
    public static string FilePath =>
        Environment.GetEnvironmentVariable("SECURE_AGENT_PROGRAM") is { Length: > 0 } path
            ? Path.GetFullPath(path)
            : Path.Combine(AppContext.BaseDirectory, "secure-agent");

    /// <summary>Whether it is the one that ships, which has no just-in-time compiler and stands for itself.</summary>
    public static bool IsCompiledAheadOfTime => !File.Exists(FilePath + ".dll");

    /// <summary>Where the program of the simulated hardware is.</summary>
    public static string HwSimPath => Path.Combine(AppContext.BaseDirectory, "hwsim");

    /// <summary>Runs one of its commands to the end, without a terminal: setsid leaves the one that the tests may
    /// have.</summary>
    public static Task<Ran> RunAsync(Home home, params string[] arguments) => RunAsync(home.Environment, arguments);

    /// <summary>Runs one of its commands to the end with an environment of its own.</summary>
    public static Task<Ran> RunAsync(IReadOnlyDictionary<string, string> environment, params string[] arguments) =>
        new Command(environment, "setsid", [FilePath, .. arguments]).RunAsync();

    /// <summary>Starts one of its commands.</summary>
    public static BackgroundProcess Start(IReadOnlyDictionary<string, string> environment, params string[] arguments) =>
        BackgroundProcess.Start(environment, "setsid", [FilePath, .. arguments]);
}
