using System.CommandLine;
using SecureAgent.Cli.Hosting;
using SecureAgent.Core;

namespace SecureAgent.Cli.Commands;

/// <summary><c>bridge</c>: serves another agent at another place, without keys of its own.</summary>
internal static class BridgeCommand
{
    /// <summary>Creates the command.</summary>
    public static Command Create(CommonOptions common, Surroundings surroundings)
    {
        Option<string> from = new("--from")
        {
            HelpName = "ENDPOINT", Required = true, Description = "where clients connect",
        };
        Option<string> to = new("--to")
        {
            HelpName = "ENDPOINT", Required = true, Description = "the agent that answers them",
        };
        Command bridge = new("bridge", "Pass clients on to another agent, byte for byte.") { from, to };
        bridge.SetAction((result, ct) => RunAsync(
            result.GetValue(from)!, result.GetValue(to)!, result.GetValue(common.Verbose), surroundings, ct));
        return bridge;
    }

    private static Task<int> RunAsync(
        string from, string to, bool verbose, Surroundings surroundings, CancellationToken ct)
    {
        IAgentDialer dialer = Composition.Dialer(to);
        return ProxyHost.RunAsync(
            from,
            verbose,
            surroundings,
            (log, serve) => serve(new PassThroughAgent(to, _ => dialer, log, TimeProvider.System)),
            ct);
    }
}
