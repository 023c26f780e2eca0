using System.Collections;
using SecureAgent.Backends.Piv;
using SecureAgent.Cli.Hosting;

namespace SecureAgent.Cli;

/// <summary>What a command may see of the process around it, in one place so that tests can bring their own.</summary>
/// <param name="Out">Standard output: results only.</param>
/// <param name="Error">Standard error: everything said to a person.</param>
/// <param name="Environment">The environment variables.</param>
/// <param name="InputIsTerminal">Whether standard input is a terminal, so that a person may be asked on it.</param>
/// <param name="HomeDirectory">The user's home directory.</param>
internal sealed record Surroundings(
    TextWriter Out,
    TextWriter Error,
    IReadOnlyDictionary<string, string> Environment,
    bool InputIsTerminal,
    string HomeDirectory)
{
    /// <summary>Path of the machine's configuration file, below the user's.</summary>
    public string MachineConfiguration { get; init; } = OperatingSystem.IsWindows()
        ? Path.Combine(
            System.Environment.GetFolderPath(System.Environment.SpecialFolder.CommonApplicationData),
            "SecureAgent",
            "config.json")
        : "/etc/secure-agent/config.json";

    /// <summary>The way to smart card readers, which the caller disposes.</summary>
    public Func<ISmartCardReaders> SmartCardReaders { get; init; } = () => new PcscReaders();

    /// <summary>Hardens the process, which is told whether it will also start a command of the user's; says what could
    /// not be done, one sentence each.</summary>
    public Func<bool, IReadOnlyList<string>> Harden { get; init; } = _ => [];

    /// <summary>Those of this process.</summary>
    public static Surroundings OfProcess()
    {
        Dictionary<string, string> environment = new(
            OperatingSystem.IsWindows() ? StringComparer.OrdinalIgnoreCase : StringComparer.Ordinal);
        foreach (DictionaryEntry entry in System.Environment.GetEnvironmentVariables())
        {
            environment[(string)entry.Key] = (string?)entry.Value ?? "";
        }

        DiagnosticsPort.Forget(environment);
        return new Surroundings(
            Console.Out,
            Console.Error,
            environment,
            !Console.IsInputRedirected,
            System.Environment.GetFolderPath(System.Environment.SpecialFolder.UserProfile))
        {
            Harden = forCommand =>
            {
                string? open = DiagnosticsPort.Close();
                AgentProcess.TakeName();
                return open is null
                    ? ProcessHardening.Apply(forCommand)
                    : [open, .. ProcessHardening.Apply(forCommand)];
            },
        };
    }

    /// <summary>The variable's value, or <see langword="null"/> if it is unset or empty.</summary>
    public string? Variable(string name) =>
        Environment.TryGetValue(name, out string? value) && value.Length > 0 ? value : null;
}
