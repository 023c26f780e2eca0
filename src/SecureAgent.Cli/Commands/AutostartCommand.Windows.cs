using System.Runtime.Versioning;
using SecureAgent.Cli.Hosting;

namespace SecureAgent.Cli.Commands;

/// <content>The registry.</content>
internal static partial class AutostartCommand
{
    /// <summary>Writes or deletes the entry.</summary>
    /// <param name="name">Of the entry.</param>
    /// <param name="undo">Whether to delete it.</param>
    /// <param name="surroundings">The process.</param>
    /// <exception cref="CommandException">The entry is somebody else's.</exception>
    [SupportedOSPlatform("windows")]
    internal static int Run(string name, bool undo, Surroundings surroundings)
    {
        string program = Environment.ProcessPath
            ?? throw new CommandException(ExitCode.Failed, "Windows does not say which file this program is.");
        string where = AutostartRegistry.PathOf(name);
        string? before = AutostartRegistry.Read(name);
        if (before is not null && !AutostartEntry.IsOurs(before, program))
        {
            throw new CommandException(ExitCode.Failed,
                $"{where} was not written by this program and is left as it is: {before}. "
                + "Delete it, and try again.");
        }

        if (!undo)
        {
            string commandLine = AutostartEntry.CommandLine(program);
            AutostartRegistry.Write(name, commandLine);
            surroundings.Out.WriteLine($"Wrote {where} = {commandLine}");
            surroundings.Out.WriteLine(
                "The agent starts at the next logon; secure-agent autostart --undo takes it back.");
        }
        else if (before is not null)
        {
            AutostartRegistry.Delete(name);
            surroundings.Out.WriteLine($"Deleted {where}");
        }
        else
        {
            surroundings.Out.WriteLine($"There is no {where}");
        }

        return ExitCode.Done;
    }
}
