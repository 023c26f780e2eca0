namespace SecureAgent.Bench;

/// <summary>What the command line asked for.</summary>
/// <param name="Quick">Fewer and shorter rounds, to see that everything works.</param>
/// <param name="Sections">The tables to print; empty for all.</param>
internal sealed record BenchOptions(bool Quick, IReadOnlyList<string> Sections)
{
    /// <summary>How to call the program.</summary>
    public const string Usage = """
        usage: SecureAgent.Bench [--quick] [tpm] [start] [list] [sign] [audit] [relay] [idle] [soak]
          --quick  fewer and shorter rounds: a minute or two instead of half an hour
          tpm      TPM commands and milliseconds of one signature
          start    start-up to the first answer, and resident size
          list     lists per second, beside OpenSSH's ssh-agent
          sign     signatures per second with software keys, beside OpenSSH's ssh-agent
          audit    what one record of the audit log costs
          relay    connections per second through one relay process, and through one for each connection
          idle     processor time and wake-ups of an agent that nobody asks
          soak     1 000 000 requests and 10 000 connections, and what they left behind
        Without a name everything is measured. The program is the one built beside this one, or the one that
        SECURE_AGENT_PROGRAM names.
        """;

    private static readonly string[] Known = ["tpm", "start", "list", "sign", "audit", "relay", "idle", "soak"];

    /// <summary>Rounds of every measurement.</summary>
    public int Rounds => Quick ? 3 : 7;

    /// <summary>How long one throughput round of one agent lasts.</summary>
    public TimeSpan RoundLength => TimeSpan.FromSeconds(Quick ? 0.2 : 1);

    /// <summary>Warm signatures per round.</summary>
    public int Signatures => Quick ? 50 : 300;

    /// <summary>How long the idle agents are watched.</summary>
    public TimeSpan IdleLength => TimeSpan.FromSeconds(Quick ? 10 : 60);

    /// <summary>Whether a table is to be printed.</summary>
    public bool Has(string section) => Sections.Count == 0 || Sections.Contains(section);

    /// <summary>Reads the command line; <see langword="null"/> if it is not understood.</summary>
    public static BenchOptions? Parse(string[] arguments) =>
        arguments.All(argument => argument == "--quick" || Known.Contains(argument))
            ? new BenchOptions(arguments.Contains("--quick"), [.. arguments.Where(name => name != "--quick")])
            : null;
}
