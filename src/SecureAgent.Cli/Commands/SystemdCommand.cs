using System.CommandLine;
using SecureAgent.Cli.Configuration;
using SecureAgent.Cli.Hosting;

namespace SecureAgent.Cli.Commands;

/// <summary><c>systemd</c>: the user's units that start the agent at its first use.</summary>
internal static class SystemdCommand
{
    private const UnixFileMode OwnerOnly =
        UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    /// <summary>Creates the command.</summary>
    public static Command Create(CommonOptions common, Surroundings surroundings)
    {
        Option<bool> install = new("--install") { Description = "write them where systemd looks for a user's units" };
        Option<bool> uninstall = new("--uninstall") { Description = "delete what --install wrote" };
        Command systemd =
            new("systemd", "Print the units with which systemd starts the agent for this user.") { install, uninstall };
        systemd.Validators.Add(result =>
        {
            if (result.GetValue(install) && result.GetValue(uninstall))
            {
                result.AddError("--install and --uninstall do not go together.");
            }
        });
        systemd.SetAction(result =>
        {
            if (!OperatingSystem.IsLinux())
            {
                throw new CommandException(ExitCode.Failed, "systemd is of Linux.");
            }

            Settings settings = common.Read(result);
            (string file, IReadOnlyList<string> before) = ProcessArguments.Program();
            SystemdUnits units = new(settings, surroundings, [file, .. before]);
            if (result.GetValue(install))
            {
                Install(units, surroundings);
            }
            else if (result.GetValue(uninstall))
            {
                Uninstall(units, surroundings);
            }
            else
            {
                foreach ((string name, string text) in units.All)
                {
                    surroundings.Out.WriteLine($"# {Path.Combine(units.Directory, name)}");
                    surroundings.Out.WriteLine(text);
                }
            }

            return ExitCode.Done;
        });
        return systemd;
    }

    private static void Install(SystemdUnits units, Surroundings surroundings)
    {
        foreach ((string name, _) in units.All)
        {
            RequireOurs(Path.Combine(units.Directory, name));
        }

        foreach (string directory in units.WrittenDirectories.Where(directory => !Directory.Exists(directory)))
        {
            if (!OperatingSystem.IsWindows())
            {
                Directory.CreateDirectory(directory, OwnerOnly);
            }
        }

        Directory.CreateDirectory(units.Directory);
        foreach ((string name, string text) in units.All)
        {
            string path = Path.Combine(units.Directory, name);
            File.WriteAllText(path, text);
            surroundings.Out.WriteLine($"Wrote {path}");
        }

        surroundings.Out.WriteLine("Next: systemctl --user daemon-reload");
        surroundings.Out.WriteLine("      systemctl --user enable --now secure-agent.socket");
    }

    private static void Uninstall(SystemdUnits units, Surroundings surroundings)
    {
        foreach (string path in units.All.Select(unit => Path.Combine(units.Directory, unit.Name)).Where(File.Exists))
        {
            RequireOurs(path);
            File.Delete(path);
            surroundings.Out.WriteLine($"Deleted {path}");
        }

        surroundings.Out.WriteLine("Next: systemctl --user disable --now secure-agent.socket");
        surroundings.Out.WriteLine("      systemctl --user daemon-reload");
    }

    private static void RequireOurs(string path)
    {
        if (File.Exists(path) && File.ReadLines(path).FirstOrDefault() != SystemdUnits.FirstLine)
        {
            throw new CommandException(
                ExitCode.Failed, $"{path} was not written by this program. Move it away and try again.");
        }
    }
}
