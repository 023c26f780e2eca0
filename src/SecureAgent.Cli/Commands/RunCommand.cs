using System.CommandLine;
using System.CommandLine.Parsing;
using System.Runtime.InteropServices;
using SecureAgent.Cli.Configuration;
using SecureAgent.Cli.Hosting;
using SecureAgent.Cli.Output;
using SecureAgent.Core;

namespace SecureAgent.Cli.Commands;

/// <summary><c>run</c>: the agent.</summary>
internal static class RunCommand
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
        run.SetAction((result, ct) => RunAsync(
            common.Read(result, [(SettingNames.Upstreams, upstream)], (SettingNames.Socket, socket)),
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

    private static async Task<int> RunAsync(
        Settings settings, string[] command, bool verbose, Surroundings surroundings, CancellationToken ct)
    {
        IReadOnlyList<string> weaknesses = surroundings.Harden(command.Length > 0);
        // With a command, standard error is the command's: only what is wrong is said there.
        StandardErrorLog log = new(surroundings.Error, verbose
            ? AgentEventLevel.Debug
            : command.Length > 0 ? AgentEventLevel.Warning : AgentEventLevel.Information);
        await using (log.ConfigureAwait(false))
        {
            foreach (string weakness in weaknesses)
            {
                log.Write(new AgentEvent(AgentEventLevel.Warning, "hardening", weakness));
            }

            Composition composition = Composition.OfAgent(settings, surroundings, log);
            await using (composition.ConfigureAwait(false))
            {
                return await ServeAsync(composition, command, surroundings, log, ct).ConfigureAwait(false);
            }
        }
    }

    private static async Task<int> ServeAsync(
        Composition composition, string[] command, Surroundings surroundings, IAgentLog log, CancellationToken ct)
    {
        using Ending ending = new(ct);
        AgentServer server = await AgentServer.StartAsync(
            composition.Agent, composition.CreateChannels(), log, ending.Token).ConfigureAwait(false);
        await using (server.ConfigureAwait(false))
        {
            if (command.Length > 0)
            {
                using ChildCommand child = ChildCommand.Start(command, surroundings, server.Listening[0].Endpoint);
                return await child.WaitAsync(CancellationToken.None).ConfigureAwait(false);
            }

            foreach (IChannel channel in server.Listening)
            {
                string path = ShellText.Quote(channel.Endpoint);
                await surroundings.Out.WriteLineAsync(
                    $"SSH_AUTH_SOCK={path}; export SSH_AUTH_SOCK; # {channel.Name}").ConfigureAwait(false);
            }

            await surroundings.Out.FlushAsync(ct).ConfigureAwait(false);
            await ending.WaitAsync().ConfigureAwait(false);
            return ct.IsCancellationRequested ? ExitCode.Interrupted : ExitCode.Done;
        }
    }

    /// <summary>The signals that end the agent: Ctrl-C as for every command; SIGTERM and SIGHUP are the regular end of
    /// a service or a session.</summary>
    private sealed class Ending : IDisposable
    {
        private readonly CancellationTokenSource _source;
        private readonly PosixSignalRegistration _terminate;
        private readonly PosixSignalRegistration _hangUp;

        /// <summary>Waits for them from now on.</summary>
        public Ending(CancellationToken interrupted)
        {
            _source = CancellationTokenSource.CreateLinkedTokenSource(interrupted);
            _terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Handle);
            _hangUp = PosixSignalRegistration.Create(PosixSignal.SIGHUP, Handle);
        }

        /// <summary>Cancelled by the first signal.</summary>
        public CancellationToken Token => _source.Token;

        /// <summary>Completes with the first signal.</summary>
        public Task WaitAsync() =>
            Task.Delay(Timeout.InfiniteTimeSpan, Token).ContinueWith(
                _ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);

        /// <inheritdoc/>
        public void Dispose()
        {
            _terminate.Dispose();
            _hangUp.Dispose();
            _source.Dispose();
        }

        private void Handle(PosixSignalContext context)
        {
            context.Cancel = true;
            _source.Cancel();
        }
    }
}
