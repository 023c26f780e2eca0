using System.CommandLine;
using SecureAgent.Cli.Configuration;
using SecureAgent.Cli.Output;

namespace SecureAgent.Cli.Commands;

/// <summary><c>env</c>: the line that points a shell at the agent of the configuration.</summary>
internal static class EnvCommand
{
    private const string Variable = "SSH_AUTH_SOCK";
    private const string Wsl = "wsl";

    // Shells of Unix are those of Git for Windows, MSYS2 and Cygwin on Windows: their ssh knows no pipes.
    private static readonly string[] OfWindows = ["pwsh", "cmd"];

    /// <summary>Creates the command.</summary>
    public static Command Create(CommonOptions common, Surroundings surroundings)
    {
        string[] shells = OperatingSystem.IsWindows() ? [.. ShellDialect.All.Keys, Wsl] : [.. ShellDialect.All.Keys];
        Option<string> shell = new("--shell")
        {
            HelpName = "SHELL",
            Description = $"the shell to print for: {string.Join(", ", shells)}",
            DefaultValueFactory = _ => OperatingSystem.IsWindows() ? "pwsh" : "sh",
        };
        shell.AcceptOnlyFromAmong(shells);
        Command env = new("env", "Print the line that sets SSH_AUTH_SOCK to the socket of secure-agent run.") { shell };
        env.SetAction(result =>
        {
            surroundings.Out.WriteLine(LineFor(result.GetValue(shell)!, common.Read(result)));
            return ExitCode.Done;
        });
        return env;
    }

    private static string LineFor(string shell, Settings settings)
    {
        if (!OperatingSystem.IsWindows())
        {
            return ShellDialect.All[shell].Set(Variable, settings.Socket);
        }

        if (shell == Wsl)
        {
            return WslProfile.Text(Environment.ProcessPath!, settings.Socket);
        }

        // C:/... is understood by Cygwin and MSYS2 alike.
        string endpoint = OfWindows.Contains(shell)
            ? Endpoints.OwnPath(settings)
            : settings.CygwinSocket!.Replace('\\', '/');
        return ShellDialect.All[shell].Set(Variable, endpoint);
    }
}
