using System.Runtime.Versioning;
using SecureAgent.Cli.Hosting;
using SecureAgent.Cli.Output;

namespace SecureAgent.Cli.Commands;

/// <content>One agent per user.</content>
internal static partial class RunCommand
{
    private const int LineCharacters = 2000;

    /// <summary>Runs the agent unless the user has one, which is then told of.</summary>
    [SupportedOSPlatform("windows")]
    private static async Task<int> RunOnlyAsync(
        AgentRun run, string name, Surroundings surroundings, CancellationToken ct)
    {
        using AgentInstance instance = AgentInstance.Claim(name);
        if (instance.IsFirst)
        {
            return await AgentHost.RunAsync(
                run,
                surroundings,
                async (server, _) =>
                {
                    string[] lines = Lines(server);
                    instance.Publish(lines);
                    return await SayAsync(lines, surroundings).ConfigureAwait(false);
                },
                ct).ConfigureAwait(false);
        }

        await surroundings.Error.WriteLineAsync(
            "secure-agent: this user's agent runs already; this is where it serves").ConfigureAwait(false);
        IEnumerable<string> theirs = await instance.ReadAsync(ct).ConfigureAwait(false);
        _ = await SayAsync(theirs.Select(line => SafeText.Line(line, LineCharacters)), surroundings)
            .ConfigureAwait(false);
        return ExitCode.Done;
    }
}
