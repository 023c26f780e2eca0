using System.Runtime.InteropServices;
using SecureAgent.Cli.Output;
using SecureAgent.Core;

namespace SecureAgent.Cli.Hosting;

/// <summary>Runs something without keys that stands in for an agent, until a signal ends it.</summary>
internal static class ProxyHost
{
    /// <summary>Runs it to its end.</summary>
    /// <param name="endpoint">Where it listens.</param>
    /// <param name="verbose">Whether to log what is only for hunting a fault.</param>
    /// <param name="surroundings">The process.</param>
    /// <param name="run">Makes what is served, and serves it with the function that it gets.</param>
    /// <param name="ct">Cancelled by Ctrl-C.</param>
    /// <exception cref="ChannelException">It cannot listen.</exception>
    public static async Task<int> RunAsync(
        string endpoint,
        bool verbose,
        Surroundings surroundings,
        Func<IAgentLog, Func<IAgent, Task<int>>, Task<int>> run,
        CancellationToken ct)
    {
        IReadOnlyList<string> weaknesses = surroundings.Harden(true);
        StandardErrorLog log = new(
            surroundings.Error, verbose ? AgentEventLevel.Debug : AgentEventLevel.Information);
        await using (log.ConfigureAwait(false))
        {
            foreach (string weakness in weaknesses)
            {
                log.Write(new AgentEvent(AgentEventLevel.Warning, "hardening", weakness));
            }

            return await run(log, agent => ServeAsync(agent, endpoint, log, surroundings, ct)).ConfigureAwait(false);
        }
    }

    private static async Task<int> ServeAsync(
        IAgent agent, string endpoint, IAgentLog log, Surroundings surroundings, CancellationToken ct)
    {
        // It holds no keys that SIGUSR1 could remove.
        using AgentSignals signals = new(() => { }, ct);
        try
        {
            AgentServer server = await AgentServer.StartAsync(
                agent, [Endpoints.Channel(Endpoints.Parse(endpoint), log)], log, signals.Ended).ConfigureAwait(false);
            await using (server.ConfigureAwait(false))
            {
                string where = server.Listening[0].Endpoint;
                string line = OperatingSystem.IsWindows() ? where : ShellDialect.Posix.Set("SSH_AUTH_SOCK", where);
                await surroundings.Out.WriteLineAsync(line).ConfigureAwait(false);
                await surroundings.Out.FlushAsync(ct).ConfigureAwait(false);
                return ExitCodeFor(await signals.FirstAsync.ConfigureAwait(false));
            }
        }
        catch (OperationCanceledException) when (signals.Ended.IsCancellationRequested)
        {
            return ExitCodeFor(await signals.FirstAsync.ConfigureAwait(false));
        }
    }

    private static int ExitCodeFor(PosixSignal signal) =>
        signal == PosixSignal.SIGINT ? ExitCode.Interrupted : ExitCode.Done;
}
