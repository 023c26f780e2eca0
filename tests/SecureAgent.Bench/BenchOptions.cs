namespace SecureAgent.Bench;

/// <summary>What the command line asked for.</summary>
/// <param name="Quick">Fewer and shorter rounds, to see that everything works.</param>
/// <param name="Soak">Also the long run that looks for growth.</param>
internal sealed record BenchOptions(bool Quick, bool Soak)
{
    /// <summary>How to call the program.</summary>
    public const string Usage = """
        usage: SecureAgent.Bench [--quick] [--soak]
          --quick  fewer and shorter rounds
          --soak   also 100 000 requests and 10 000 connections, and what they left behind
        The program measured is the one built beside this one, or the one that SECURE_AGENT_PROGRAM names.
        """;

    /// <summary>Rounds of every measurement.</summary>
    public int Rounds => Quick ? 3 : 7;

    /// <summary>How long one throughput round of one agent lasts.</summary>
    public TimeSpan RoundLength => TimeSpan.FromSeconds(Quick ? 0.5 : 2);

    /// <summary>Warm signatures per round.</summary>
    public int Signatures => Quick ? 50 : 300;

    /// <summary>Reads the command line; <see langword="null"/> if it is not understood.</summary>
    public static BenchOptions? Parse(string[] arguments) =>
        arguments.All(argument => argument is "--quick" or "--soak")
            ? new BenchOptions(arguments.Contains("--quick"), arguments.Contains("--soak"))
            : null;
}
