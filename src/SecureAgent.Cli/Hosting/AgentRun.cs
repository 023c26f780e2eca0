using System.Runtime.InteropServices;
using SecureAgent.Cli.Configuration;
using SecureAgent.Core;

namespace SecureAgent.Cli.Hosting;

/// <summary>One run of the agent in this process.</summary>
internal sealed record AgentRun
{
    /// <summary>The configuration.</summary>
    public required Settings Settings { get; init; }

    /// <summary>What the command line adds to it.</summary>
    public ServingOptions Serving { get; init; } = new();

    /// <summary>Where to listen; <see langword="null"/> for the socket that systemd opened, else the one of the
    /// settings.</summary>
    public string? Socket { get; init; }

    /// <summary>The lowest level of events to write to standard error.</summary>
    public required AgentEventLevel LogLevel { get; init; }

    /// <summary>Whether the process will also start a command of the user's.</summary>
    public bool ForCommand { get; init; }

    /// <summary>The exit code for the signal that ended the agent.</summary>
    public required Func<PosixSignal, int> ExitCodeFor { get; init; }
}
