using System.CommandLine;
using System.CommandLine.Parsing;
using System.Runtime.InteropServices;
using SecureAgent.Cli.Configuration;
using SecureAgent.Cli.Hosting;
using SecureAgent.Cli.Output;
using SecureAgent.Core;

namespace SecureAgent.Cli.Commands;

/// <summary><c>run</c>: the agent.</summary>
internal static partial class RunCommand
{
    /// <summary>Creates the command.</summary>
    public static Command Create(CommonOptions common, Surroundings surroundings)
    {
        Option<string?> socket = new("--socket") { HelpName = "PATH", Description = "listen here" };
        Option<string[]> upstream = new("--upstream")
        {
            HelpName = "ENDPOINT",
            Description = "also offer the keys of the agent that listens here; may be given more than once",
        };
        Option<string?> openSshConfig = new("--openssh-config")
        {
            HelpName = "FILE",
            Description = "write a line here that points OpenSSH at Pageant's pipe, for an Include in its configuration",
        };
        Argument<string[]> command = new("COMMAND")
        {
            Arity = ArgumentArity.ZeroOrMore,
            CaptureRemainingTokens = true,
            Description = "a command, after --, to run with SSH_AUTH_SOCK set; the agent ends with it",
        };
        Command run = new("run", "Serve the keys, in the foreground, until a signal or the end of COMMAND.")
        {
            socket, upstream, command,
        };
        if (OperatingSystem.IsWindows())
        {
            run.Add(openSshConfig);
        }

        run.SetAction((result, ct) => RunAsync(
            common.Read(
                result,
                [(SettingNames.Upstreams, upstream)],
                (SettingNames.Socket, socket),
                (SettingNames.OpenSshConfig, openSshConfig)),
            result.GetValue(socket),
            CommandOf(result, command),
            result.GetValue(common.Verbose),
            surroundings,
            ct));
        return run;
    }

    private static string[] CommandOf(ParseResult result, Argument<string[]> argument)
    {
        string[] command = result.GetValue(argument) ?? [];
        // What follows -- is a command, however it begins; what a misspelt option captured is not.
        int follow = result.Tokens.SkipWhile(token => token.Type != TokenType.DoubleDash).Skip(1).Count();
        if (command.Length > follow && command[0].StartsWith('-'))
        {
            throw new CommandException(
                ExitCode.Usage, $"{command[0]} is no option of run. A command of that name would follow --.");
        }

        return command;
    }

    private static Task<int> RunAsync(
        Settings settings,
        string? socket,
        string[] command,
        bool verbose,
        Surroundings surroundings,
        CancellationToken ct)
    {
        AgentRun run = new()
        {
            Settings = settings,
            // A socket of systemd's is for an agent that was told neither where to listen nor for whom.
            Socket = command.Length > 0 ? settings.Socket : socket,
            // With a command, standard error is the command's: only what is wrong is said there.
            LogLevel = verbose
                ? AgentEventLevel.Debug
                : command.Length > 0 ? AgentEventLevel.Warning : AgentEventLevel.Information,
            ForCommand = command.Length > 0,
            // SIGTERM and SIGHUP are the regular end of a service or a session.
            ExitCodeFor = signal => signal == PosixSignal.SIGINT ? ExitCode.Interrupted : ExitCode.Done,
        };
        if (command.Length > 0)
        {
            return AgentHost.RunAsync(
                run, surroundings, (server, _) => RunCommandAsync(command, server, surroundings), ct);
        }

        // Who names a socket wants an agent of its own.
        return OperatingSystem.IsWindows() && socket is null
            ? RunOnlyAsync(run, AgentInstance.Name(), surroundings, ct)
            : AgentHost.RunAsync(run, surroundings, (server, _) => SayAsync(Lines(server), surroundings), ct);
    }

    private static async Task<int?> RunCommandAsync(string[] command, AgentServer server, Surroundings surroundings)
    {
        using ChildCommand child = ChildCommand.Start(command, surroundings, server.Listening[0].Endpoint);
        return await child.WaitAsync(CancellationToken.None).ConfigureAwait(false);
    }

    // On Windows each client has its own way, and most find it by themselves; env prints what to put where.
    private static string[] Lines(AgentServer server) =>
    [
        .. server.Listening.Select(channel => OperatingSystem.IsWindows()
            ? $"{channel.Name}: {channel.Endpoint}"
            : $"{ShellDialect.Posix.Set("SSH_AUTH_SOCK", channel.Endpoint)} # {channel.Name}"),
    ];

    private static async Task<int?> SayAsync(IEnumerable<string> lines, Surroundings surroundings)
    {
        foreach (string line in lines)
        {
            await surroundings.Out.WriteLineAsync(line).ConfigureAwait(false);
        }

        await surroundings.Out.FlushAsync().ConfigureAwait(false);
        return null;
    }
}
