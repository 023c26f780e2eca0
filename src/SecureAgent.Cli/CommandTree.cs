using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Parsing;
using SecureAgent.Cli.Commands;
using SecureAgent.Cli.Output;
using SecureAgent.Core;
using SecureAgent.Wire;

namespace SecureAgent.Cli;

/// <summary>The whole command line: parses it, runs a command, and turns every failure into a sentence and an exit
/// code.</summary>
internal static class CommandTree
{
    private const int MessageCharacters = 2000;

    /// <summary>Runs one command line.</summary>
    /// <param name="arguments">The arguments without the program's name.</param>
    /// <param name="surroundings">The process around it.</param>
    /// <param name="ct">Cancelled by Ctrl-C.</param>
    /// <returns>The exit code (<see cref="ExitCode"/>).</returns>
    public static async Task<int> RunAsync(string[] arguments, Surroundings surroundings, CancellationToken ct)
    {
        ParseResult result = Create(surroundings).Parse(
            SshAgentCommand.Separate(arguments), new ParserConfiguration { ResponseFileTokenReplacer = null });
        if (result.Errors.Count > 0)
        {
            return Usage(result, surroundings);
        }

        InvocationConfiguration invocation = new()
        {
            Output = surroundings.Out,
            Error = surroundings.Error,
            EnableDefaultExceptionHandler = false,
            ProcessTerminationTimeout = null,
        };
        try
        {
            return await result.InvokeAsync(invocation, ct).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (ct.IsCancellationRequested)
        {
            return ExitCode.Interrupted;
        }
        catch (CommandException e)
        {
            return Fail(surroundings, e.ExitCode, e);
        }
        catch (BackendException e)
        {
            return Fail(surroundings, ExitCode.For(e.Failure), e);
        }
        catch (Exception e) when (
            e is ChannelException or WireFormatException or IOException or UnauthorizedAccessException)
        {
            return Fail(surroundings, ExitCode.Failed, e);
        }
    }

    private static Command Create(Surroundings surroundings)
    {
        CommonOptions common = new(surroundings);
        // No RootCommand: that is called as the program was started, which may be the name of one of the commands.
        Command root = new("secure-agent", "An SSH agent whose keys live in hardware.")
        {
            new HelpOption(),
            new VersionOption(),
            RunCommand.Create(common, surroundings),
            SshAgentCommand.Create(common, surroundings),
            EnvCommand.Create(common, surroundings),
            SystemdCommand.Create(common, surroundings),
            RelayCommand.Create(common, surroundings),
            BridgeCommand.Create(common, surroundings),
            AutostartCommand.Create(surroundings),
            KeyCommand.Create(common, surroundings),
            KeyFileCommand.CreatePublic(common, surroundings),
            TokenCommand.Create(common, surroundings),
            AttestCommand.Create(common, surroundings),
            StatusCommand.Create(common, surroundings),
            AuditCommand.Create(common, surroundings),
            ConfigCommand.Create(common, surroundings),
        };
        foreach (Option option in common.All)
        {
            root.Add(option);
        }

        return root;
    }

    private static int Usage(ParseResult result, Surroundings surroundings)
    {
        foreach (ParseError error in result.Errors)
        {
            surroundings.Error.WriteLine(SafeText.Line($"secure-agent: {error.Message}", MessageCharacters));
        }

        string command = string.Join(' ', Path(result.CommandResult).Reverse());
        surroundings.Error.WriteLine($"Try '{command} --help'.");
        return ExitCode.Usage;
    }

    private static IEnumerable<string> Path(CommandResult? command)
    {
        for (; command is not null; command = command.Parent as CommandResult)
        {
            yield return command.Parent is null ? "secure-agent" : command.Command.Name;
        }
    }

    private static int Fail(Surroundings surroundings, int exitCode, Exception e)
    {
        foreach (string line in e.Message.Split('\n'))
        {
            surroundings.Error.WriteLine(SafeText.Line($"secure-agent: {line}", MessageCharacters));
        }

        return exitCode;
    }
}
