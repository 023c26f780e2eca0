using System.CommandLine;
using System.Runtime.Versioning;
using SecureAgent.Cli.Hosting;

namespace SecureAgent.Cli.Commands;

/// <summary><c>autostart</c>: has Windows start the agent when the user logs on.</summary>
internal static class AutostartCommand
{
    /// <summary>Creates the command.</summary>
    public static Command Create(Surroundings surroundings)
    {
        Option<bool> undo = new("--undo") { Description = "take back what this command wrote" };
        Command autostart = new("autostart", "Have Windows start the agent when you log on.") { undo };
        autostart.SetAction(result => OperatingSystem.IsWindows()
            ? Run(AutostartEntry.Name, result.GetValue(undo), surroundings)
            : throw new CommandException(
                ExitCode.Failed, "autostart is of Windows. On Linux, secure-agent systemd --install does it."));
        return autostart;
    }

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
