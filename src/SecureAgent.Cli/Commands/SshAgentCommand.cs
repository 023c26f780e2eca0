using System.CommandLine;
using System.Globalization;
using System.Numerics;
using System.Reflection;
using System.Runtime.InteropServices;
using SecureAgent.Cli.Configuration;
using SecureAgent.Cli.Hosting;
using SecureAgent.Cli.Output;
using SecureAgent.Core;

namespace SecureAgent.Cli.Commands;

/// <summary><c>ssh-agent</c>: the command line of OpenSSH's agent, ssh-agent(1), in front of this one.</summary>
internal static class SshAgentCommand
{
    /// <summary>The command's name, and the one that the program may be started under.</summary>
    public const string Name = "ssh-agent";

    private const string PathVariable = "SSH_AUTH_SOCK";
    private const string ProcessVariable = "SSH_AGENT_PID";

    // OpenSSH's for an agent that a signal or its parent's end has ended.
    private const int EndedExitCode = 2;
    private const int FirstProcess = 2;

    private const string UsageText = """
        usage: secure-agent ssh-agent [-c | -s | --pwsh | --cmd] [-DdTU] [-a PATH] [-E HASH]
                                      [-O OPTION] [-P PROVIDERS] [-t LIFE]
               secure-agent ssh-agent [-TU] [-a PATH] [-E HASH] [-O OPTION] [-P PROVIDERS]
                                      [-t LIFE] COMMAND [ARGUMENT ...]
               secure-agent ssh-agent [-c | -s | --pwsh | --cmd] -k
               secure-agent ssh-agent -u
               secure-agent ssh-agent -V
        """;

    /// <summary>Creates the command.</summary>
    public static Command Create(CommonOptions common, Surroundings surroundings)
    {
        Argument<string[]> words = new("OPTIONS AND COMMAND")
        {
            Arity = ArgumentArity.ZeroOrMore,
            CaptureRemainingTokens = true,
            Description = "as of OpenSSH's ssh-agent; and --pwsh and --cmd, which print for those shells",
        };
        Command command = new(Name, "Stand in for OpenSSH's ssh-agent: every option of it, and COMMAND.") { words };
        command.SetAction((result, ct) => RunAsync(
            result.GetValue(words) ?? [],
            () => common.Read(result),
            surroundings,
            ct));
        return command;
    }

    /// <summary>Marks everything after <c>ssh-agent</c> as its own, because its options are not read as those of the
    /// other commands are.</summary>
    public static string[] Separate(string[] arguments)
    {
        int at = arguments is [Name or ['-', ..], ..] ? Array.IndexOf(arguments, Name) : -1;
        return at < 0 ? arguments : [.. arguments[..(at + 1)], "--", .. arguments[(at + 1)..]];
    }

    private static async Task<int> RunAsync(
        string[] words, Func<Settings> settings, Surroundings surroundings, CancellationToken ct)
    {
        SshAgentArguments arguments;
        try
        {
            arguments = SshAgentArguments.Parse(words);
        }
        catch (SshAgentUsageException e)
        {
            if (e.Message.Length > 0)
            {
                await surroundings.Error.WriteLineAsync(SafeText.Line(e.Message, 1000)).ConfigureAwait(false);
            }

            await surroundings.Error.WriteAsync(e.ShowsUsage ? UsageText + "\n" : "").ConfigureAwait(false);
            return e.ExitCode;
        }

        if (arguments.AsksVersion)
        {
            string? version = typeof(SshAgentCommand).Assembly
                .GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion;
            await surroundings.Error.WriteLineAsync($"secure-agent {version}").ConfigureAwait(false);
            return ExitCode.Done;
        }

        if (!OperatingSystem.IsLinux())
        {
            throw new CommandException(ExitCode.Failed, "ssh-agent needs Linux. Use secure-agent run here.");
        }

        ShellDialect dialect = arguments.Dialect ?? Guess(surroundings);
        if (arguments.Kills)
        {
            return Kill(dialect, surroundings);
        }

        if (arguments.CleansUp > 0)
        {
            AgentSocketPath.DeleteStale(
                surroundings.HomeDirectory, ofAnyHost: arguments.CleansUp > 1, TimeProvider.System.GetUtcNow());
            string said = $"Deleted stale agent sockets in ~/{AgentSocketPath.DirectoryInHome}";
            await surroundings.Out.WriteLineAsync(said).ConfigureAwait(false);
            return ExitCode.Done;
        }

        if (arguments.Role != SshAgentRole.Front || arguments.Debugs || arguments.StaysInForeground)
        {
            return await ServeAsync(arguments, settings(), dialect, surroundings, ct).ConfigureAwait(false);
        }

        return await StartAsync(arguments, words.Length, dialect, surroundings, ct).ConfigureAwait(false);
    }

    /// <summary>What SHELL looks like.</summary>
    private static ShellDialect Guess(Surroundings surroundings) =>
        surroundings.Variable("SHELL")?.EndsWith("csh", StringComparison.Ordinal) == true
            ? ShellDialect.Csh
            : ShellDialect.Posix;

    private static int Kill(ShellDialect dialect, Surroundings surroundings)
    {
        if (!surroundings.Environment.TryGetValue(ProcessVariable, out string? text))
        {
            surroundings.Error.WriteLine($"{ProcessVariable} not set, cannot kill agent");
            return ExitCode.Failed;
        }

        string? fault = !BigInteger.TryParse(
                text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out BigInteger process)
            ? "invalid"
            : process < FirstProcess ? "too small" : process > int.MaxValue ? "too large" : null;
        if (fault is not null)
        {
            surroundings.Error.WriteLine(
                $"{ProcessVariable}=\"{SafeText.Line(text, 100)}\", which is not a good PID: {fault}");
            return ExitCode.Failed;
        }

        if (Libc.Kill((int)process, Libc.SIGTERM) != 0)
        {
            surroundings.Error.WriteLine($"kill: {Marshal.GetLastPInvokeErrorMessage()}");
            return ExitCode.Failed;
        }

        surroundings.Out.WriteLine(dialect.Unset(PathVariable));
        surroundings.Out.WriteLine(dialect.Unset(ProcessVariable));
        surroundings.Out.WriteLine(dialect.Say($"Agent pid {process} killed"));
        return ExitCode.Done;
    }

    /// <summary>Starts the agent in the background, and prints what a shell needs or becomes the command.</summary>
    private static async Task<int> StartAsync(
        SshAgentArguments arguments, int words, ShellDialect dialect, Surroundings surroundings, CancellationToken ct)
    {
        bool isForCommand = arguments.Command.Count > 0;
        // The options of the program itself stand before the command's name, if that was given at all.
        string[] own = Environment.GetCommandLineArgs()[1..];
        string[] head = own[..^words];
        AgentDaemon daemon = await AgentDaemon.StartAsync(
            [
                .. head.Length > 0 ? head : [Name],
                .. arguments.For(isForCommand ? SshAgentRole.Companion : SshAgentRole.Daemon),
            ],
            surroundings,
            ct).ConfigureAwait(false);
        if (daemon.Socket is not string socket)
        {
            return daemon.ExitCode;
        }

        if (isForCommand)
        {
            string why = CommandImage.Become(arguments.Command.Count, daemon);
            await surroundings.Error.WriteLineAsync(SafeText.Line(why, 1000)).ConfigureAwait(false);
            return ExitCode.Failed;
        }

        string process = daemon.ProcessId.ToString(CultureInfo.InvariantCulture);
        await surroundings.Out.WriteLineAsync(dialect.Set(PathVariable, socket)).ConfigureAwait(false);
        await surroundings.Out.WriteLineAsync(dialect.Set(ProcessVariable, process)).ConfigureAwait(false);
        await surroundings.Out.WriteLineAsync(dialect.Say($"Agent pid {process}")).ConfigureAwait(false);
        return ExitCode.Done;
    }

    /// <summary>Is the agent, in the foreground or in the background.</summary>
    private static async Task<int> ServeAsync(
        SshAgentArguments arguments,
        Settings settings,
        ShellDialect dialect,
        Surroundings surroundings,
        CancellationToken ct)
    {
        bool isDaemon = arguments.Role != SshAgentRole.Front;
        ParentWatch? parent = arguments.Role == SshAgentRole.Companion ? new ParentWatch() : null;
        if (isDaemon)
        {
            AgentDaemon.Enter();
        }

        // A daemon has no keyboard: it ignores what a keyboard sends.
        using PosixSignalRegistration? keyboard = isDaemon
            ? PosixSignalRegistration.Create(PosixSignal.SIGINT, context => context.Cancel = true)
            : null;
        bool isActivated = !isDaemon && arguments.Socket is null
            && surroundings.Variable("LISTEN_PID") is not null && surroundings.Variable("LISTEN_FDS") is not null;
        string? path = isActivated ? null : arguments.Socket ?? Choose(arguments, surroundings);
        AgentRun run = new()
        {
            Settings = settings,
            Serving = arguments.Serving,
            Socket = path,
            // Uses of keys are in the audit log, and OpenSSH's agent says nothing of them either.
            LogLevel = arguments.Debugs ? AgentEventLevel.Debug : AgentEventLevel.Warning,
            ExitCodeFor = signal =>
                isActivated && signal == PosixSignal.SIGTERM ? ExitCode.Done : EndedExitCode,
        };
        try
        {
            return await AgentHost.RunAsync(
                run,
                surroundings,
                async (server, signals) =>
                {
                    string socket = server.Listening[0].Endpoint;
                    if (isDaemon)
                    {
                        AgentDaemon.Announce(socket);
                        parent?.Start(() => signals.End(PosixSignal.SIGHUP));
                    }
                    else if (!isActivated)
                    {
                        await SayAsync(dialect, socket, surroundings).ConfigureAwait(false);
                    }

                    return null;
                },
                isDaemon ? CancellationToken.None : ct).ConfigureAwait(false);
        }
        finally
        {
            if (arguments.UsesTemporaryDirectory && arguments.Socket is null && path is not null)
            {
                DeleteDirectory(Path.GetDirectoryName(path)!);
            }
        }
    }

    private static string Choose(SshAgentArguments arguments, Surroundings surroundings)
    {
        if (arguments.UsesTemporaryDirectory)
        {
            int process = arguments.Role == SshAgentRole.Front
                ? Environment.ProcessId
                : Libc.GetParentProcessId();
            return AgentSocketPath.InTemporaryDirectory(surroundings, process);
        }

        string home = surroundings.HomeDirectory is { Length: > 0 } known
            ? known
            : throw new CommandException(ExitCode.Failed, "There is no home directory. Say where to listen with -a.");
        if (!arguments.KeepsStale)
        {
            AgentSocketPath.DeleteStale(home, ofAnyHost: false, TimeProvider.System.GetUtcNow());
        }

        return AgentSocketPath.InHome(home);
    }

    private static async Task SayAsync(ShellDialect dialect, string socket, Surroundings surroundings)
    {
        string process = Environment.ProcessId.ToString(CultureInfo.InvariantCulture);
        await surroundings.Out.WriteLineAsync(dialect.Set(PathVariable, socket)).ConfigureAwait(false);
        await surroundings.Out.WriteLineAsync(dialect.Say($"Agent pid {process}")).ConfigureAwait(false);
        await surroundings.Out.FlushAsync().ConfigureAwait(false);
    }

    private static void DeleteDirectory(string directory)
    {
        try
        {
            Directory.Delete(directory);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // It was not made, or somebody keeps something there.
        }
    }
}
