namespace SecureAgent.Cli.Commands;

/// <summary>The command line of <c>ssh-agent</c> is wrong; said and ended as OpenSSH's does, because scripts look at
/// both.</summary>
internal sealed class SshAgentUsageException : Exception
{
    // OpenSSH: 1 with the usage, 255 for a value that cannot be used.
    private const int UsageExitCode = 1;
    private const int FatalExitCode = 255;

    private SshAgentUsageException(string message, bool showsUsage) : base(message) => ShowsUsage = showsUsage;

    /// <summary>Whether the usage follows the message.</summary>
    public bool ShowsUsage { get; }

    /// <summary>What the program ends with.</summary>
    public int ExitCode => ShowsUsage ? UsageExitCode : FatalExitCode;

    /// <summary>An option is unknown, lacks its value, or does not go with another.</summary>
    /// <param name="message">What is wrong; empty to say nothing but the usage.</param>
    public static SshAgentUsageException Usage(string message) => new(message, showsUsage: true);

    /// <summary>The value of an option cannot be used.</summary>
    public static SshAgentUsageException Fatal(string message) => new(message, showsUsage: false);
}
