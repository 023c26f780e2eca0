using System.CommandLine;
using SecureAgent.Cli.Configuration;
using SecureAgent.Cli.Output;

namespace SecureAgent.Cli.Commands;

/// <summary><c>env</c>: the line that points a shell at the agent of the configuration.</summary>
internal static class EnvCommand
{
    /// <summary>Creates the command.</summary>
    public static Command Create(CommonOptions common, Surroundings surroundings)
    {
        Option<string> shell = new("--shell")
        {
            HelpName = "SHELL",
            Description = $"the shell to print for: {string.Join(", ", ShellDialect.All.Keys)}",
            DefaultValueFactory = _ => OperatingSystem.IsWindows() ? "pwsh" : "sh",
        };
        shell.AcceptOnlyFromAmong([.. ShellDialect.All.Keys]);
        Command env = new("env", "Print the line that sets SSH_AUTH_SOCK to the socket of secure-agent run.") { shell };
        env.SetAction(result =>
        {
            Settings settings = common.Read(result);
            surroundings.Out.WriteLine(
                ShellDialect.All[result.GetValue(shell)!].Set("SSH_AUTH_SOCK", settings.Socket));
            return ExitCode.Done;
        });
        return env;
    }
}
