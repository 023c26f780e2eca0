using System.CommandLine;
using SecureAgent.Cli.Hosting;

namespace SecureAgent.Cli.Commands;

/// <summary><c>autostart</c>: has Windows start the agent when the user logs on.</summary>
internal static partial class AutostartCommand
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
}
