using System.Runtime.InteropServices;
using SecureAgent.Cli.Desktop;
using SecureAgent.Core;

namespace SecureAgent.Cli.Hosting;

/// <summary>Runs the agent in this process: hardens it, listens, and serves until something ends it.</summary>
internal static class AgentHost
{
    /// <summary>Runs it to its end.</summary>
    /// <param name="run">What to run.</param>
    /// <param name="surroundings">The process.</param>
    /// <param name="listening">Called once clients can connect; what it returns ends the agent with that exit code, and
    /// <see langword="null"/> leaves it to a signal.</param>
    /// <param name="ct">Cancelled by Ctrl-C.</param>
    /// <exception cref="ChannelException">It can listen nowhere.</exception>
    public static async Task<int> RunAsync(
        AgentRun run,
        Surroundings surroundings,
        Func<AgentServer, AgentSignals, Task<int?>> listening,
        CancellationToken ct)
    {
        IReadOnlyList<string> weaknesses = surroundings.Harden(run.ForCommand);
        StandardErrorLog errorLog = new(surroundings.Error, run.LogLevel);
        await using (errorLog.ConfigureAwait(false))
        {
            ObservedLog log = new(errorLog);
            using IDisposable? eventLog = OperatingSystem.IsWindows() && run.Settings.WritesEventLog
                ? WindowsEventLog.Follow(log) : null;
            foreach (string weakness in weaknesses)
            {
                log.Write(new AgentEvent(AgentEventLevel.Warning, "hardening", weakness));
            }

            Composition composition = Composition.OfAgent(run.Settings, run.Serving, surroundings, log);
            await using (composition.ConfigureAwait(false))
            {
                return await ServeAsync(run, composition, log, listening, ct).ConfigureAwait(false);
            }
        }
    }

    private static async Task<int> ServeAsync(
        AgentRun run,
        Composition composition,
        ObservedLog log,
        Func<AgentServer, AgentSignals, Task<int?>> listening,
        CancellationToken ct)
    {
        SshAgent agent = composition.Agent;
        using AgentSignals signals = new(() => agent.RemoveAllKeys(), ct);
        AgentServer? server = null;
        // Disposed after the server: it keeps the session from ending until the endpoints are gone.
#pragma warning disable CA2000 // The desktop disposes the commands.
        using IDisposable? desktop = OperatingSystem.IsWindows()
            ? await UserDesktop.StartAsync(
                agent,
                run.Settings,
                new TrayCommands(agent, composition.Prompter),
                log,
                () => StateOf(agent, Volatile.Read(ref server)),
                () => signals.End(PosixSignal.SIGTERM)).ConfigureAwait(false)
            : null;
#pragma warning restore CA2000
        try
        {
            server = await AgentServer.StartAsync(
                agent, composition.CreateChannels(run.Socket), log, signals.Ended).ConfigureAwait(false);
            await using (server.ConfigureAwait(false))
            {
                if (run.ForCommand)
                {
                    // The command is to find their keys.
                    await composition.WaitForCardsAsync(signals.Ended).ConfigureAwait(false);
                }

                return await listening(server, signals).ConfigureAwait(false)
                    ?? run.ExitCodeFor(await signals.FirstAsync.ConfigureAwait(false));
            }
        }
        catch (OperationCanceledException) when (signals.Ended.IsCancellationRequested)
        {
            // Ended before it listened.
            return run.ExitCodeFor(await signals.FirstAsync.ConfigureAwait(false));
        }
    }

    private static TrayState StateOf(SshAgent agent, AgentServer? server) => new(
        agent.Status,
        [.. server?.Listening.Select(channel => $"{channel.Name}: {channel.Endpoint}") ?? []],
        [.. server?.Failures.Select(failure => failure.Message) ?? []]);
}
