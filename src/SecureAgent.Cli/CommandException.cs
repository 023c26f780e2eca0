namespace SecureAgent.Cli;

/// <summary>Ends a command with a sentence on standard error and an exit code.</summary>
internal sealed class CommandException : Exception
{
    /// <summary>Creates the exception.</summary>
    /// <param name="exitCode">One of <see cref="Cli.ExitCode"/>.</param>
    /// <param name="message">What happened, to what, and what to do next.</param>
    public CommandException(int exitCode, string message) : base(message) => ExitCode = exitCode;

    /// <summary>What the program ends with.</summary>
    public int ExitCode { get; }
}
