using System.CommandLine;
using SecureAgent.Channels.Relay;
using SecureAgent.Cli.Hosting;
using SecureAgent.Core;

namespace SecureAgent.Cli.Commands;

/// <summary><c>relay</c>: carries agent connections over standard input and output; one, or, between WSL2 and Windows,
/// many at once (docs/relay.md).</summary>
internal static class RelayCommand
{
    /// <summary>What connections from WSL2 are called in what the agent shows.</summary>
    private const string ClaimedChannel = "wsl2";

    /// <summary>Creates the command.</summary>
    public static Command Create(CommonOptions common, Surroundings surroundings)
    {
        Option<string?> to = new("--to")
        {
            HelpName = "ENDPOINT",
            Description = "the agent; the configured socket if not given. SSH_AUTH_SOCK is not looked at, because it "
                + "may well name this relay",
        };
        Option<bool> multiplex = new("--multiplex")
        {
            Description = "be the other half of relay --listen, which starts this",
        };
        Option<string?> listen = new("--listen")
        {
            HelpName = "PATH",
            Description = "listen on a Unix socket here, and pass every connection to COMMAND, which ends in "
                + "relay --multiplex",
        };
        Option<bool> systemd = new("--systemd")
        {
            Description = "with --listen: print a unit for the user's systemd that does it, and do nothing else",
        };
        Argument<string[]> command = new("COMMAND")
        {
            Arity = ArgumentArity.ZeroOrMore,
            CaptureRemainingTokens = true,
            Description = "with --listen, after --: what starts the other half, such as "
                + "/mnt/c/.../secure-agent.exe relay --multiplex",
        };
        Command relay = new("relay", "Carry agent connections over standard input and output.")
        {
            to, multiplex, listen, systemd, command,
        };
        relay.Validators.Add(result =>
        {
            bool hasCommand = result.GetValue(command) is { Length: > 0 };
            if (result.GetValue(listen) is null ? hasCommand || result.GetValue(systemd) : !hasCommand)
            {
                result.AddError("--listen and COMMAND go together, and --systemd with them.");
            }
            else if (hasCommand && (result.GetValue(multiplex) || result.GetValue(to) is not null))
            {
                result.AddError("With --listen, COMMAND says where connections go: give --multiplex and --to to it.");
            }
        });
        relay.SetAction((result, ct) => result.GetValue(listen) is string path
            ? ListenAsync(
                path,
                result.GetValue(command)!,
                result.GetValue(systemd),
                result.GetValue(common.Verbose),
                surroundings,
                ct)
            : CarryAsync(
                result.GetValue(to) ?? Endpoints.Own(common.Read(result)),
                result.GetValue(multiplex),
                result.GetValue(common.Verbose),
                surroundings,
                ct));
        return relay;
    }

    private static async Task<int> CarryAsync(
        string endpoint, bool many, bool verbose, Surroundings surroundings, CancellationToken ct)
    {
        if (surroundings.InputIsTerminal)
        {
            throw new CommandException(
                ExitCode.Usage, "relay speaks the agent's protocol on its standard input, which is a terminal here.");
        }

        QuietLog log = new(surroundings.Error, verbose);
        foreach (string weakness in surroundings.Harden(false))
        {
            log.Write(new AgentEvent(AgentEventLevel.Debug, "hardening", weakness));
        }

        IAgentDialer dialer = Composition.Dialer(endpoint);
        StandardInput input = StandardInput.Open();
        Stream output = Console.OpenStandardOutput();
        await using (input.ConfigureAwait(false))
        await using (output.ConfigureAwait(false))
        {
            if (many)
            {
                await CarryManyAsync(dialer, endpoint, input, output, log, ct).ConfigureAwait(false);
            }
            else
            {
                await CarryOneAsync(dialer, input, output, ct).ConfigureAwait(false);
            }
        }

        return ExitCode.Done;
    }

    private static async Task CarryOneAsync(IAgentDialer dialer, Stream input, Stream output, CancellationToken ct)
    {
        Stream agent;
        try
        {
            agent = await dialer.ConnectAsync(ct).ConfigureAwait(false);
        }
        catch (ChannelException e)
        {
            throw new CommandException(ExitCode.AgentUnreachable, e.Message);
        }

        await using (agent.ConfigureAwait(false))
        {
            await AgentSplice.RunAsync(input, output, agent, ct).ConfigureAwait(false);
        }
    }

    private static async Task CarryManyAsync(
        IAgentDialer dialer, string endpoint, Stream input, Stream output, IAgentLog log, CancellationToken ct)
    {
        RelayExit exit = new(endpoint, new PeerIntroduction(dialer), log, ct);
        using RelayMultiplexer relay = RelayMultiplexer.Dialling(input, output, exit.ServeAsync);
        try
        {
            await relay.RunAsync(ct).ConfigureAwait(false);
        }
        catch (RelayProtocolException e)
        {
            throw new CommandException(
                ExitCode.Failed, $"Whoever started relay --multiplex is no relay --listen: {e.Message}.");
        }
    }

    private static async Task<int> ListenAsync(
        string path, string[] command, bool unitOnly, bool verbose, Surroundings surroundings, CancellationToken ct)
    {
        if (!OperatingSystem.IsLinux())
        {
            throw new CommandException(ExitCode.Usage, "relay --listen is for the Linux side.");
        }

        if (unitOnly)
        {
            await PrintUnitAsync(Path.GetFullPath(path), command, surroundings).ConfigureAwait(false);
            return ExitCode.Done;
        }

        WslInterop interop = new(WslInterop.DefaultDirectory, Composition.Dialer);
        string name = Path.GetFileName(command[0]);
        return await ProxyHost.RunAsync(
            path,
            verbose,
            surroundings,
            async (log, serve) =>
            {
                if (RelayProcess.Warn(command[0]) is string warning)
                {
                    log.Write(new AgentEvent(AgentEventLevel.Warning, "relay", warning));
                }

                RelaySupervisor supervisor = new(
                    name, () => RelayProcess.Start(command, surroundings, interop), log, TimeProvider.System);
                await using (supervisor.ConfigureAwait(false))
                {
                    return await serve(new PassThroughAgent(
                        name, peer => new RelayDialer(supervisor, peer), log, TimeProvider.System))
                        .ConfigureAwait(false);
                }
            },
            ct).ConfigureAwait(false);
    }

    private static Task PrintUnitAsync(string path, string[] command, Surroundings surroundings)
    {
        string program = ProgramSearch.Find(command[0], surroundings) ?? throw new CommandException(
            ExitCode.CommandNotFound, $"{command[0]}: there is no such command.");
        (string file, IReadOnlyList<string> before) = ProcessArguments.Program();
        string text = RelayUnit.Text([file, .. before], path, [program, .. command.Skip(1)]);
        return surroundings.Out.WriteAsync(text);
    }

    /// <summary>The way of one client through the relay.</summary>
    private sealed class RelayDialer(RelaySupervisor supervisor, PeerInfo peer) : IAgentDialer
    {
        public ValueTask<Stream> ConnectAsync(CancellationToken ct) =>
            supervisor.ConnectAsync(PeerIntroduction.Describe(peer, ClaimedChannel), ct);
    }
}
