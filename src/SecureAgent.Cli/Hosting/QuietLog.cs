using SecureAgent.Core;

namespace SecureAgent.Cli.Hosting;

/// <summary>The log of a command: warnings at once on standard error, and what is only for hunting a fault where it was
/// asked for.</summary>
internal sealed class QuietLog(TextWriter error, bool verbose) : IAgentLog
{
    /// <inheritdoc/>
    public void Write(AgentEvent agentEvent)
    {
        if (verbose || agentEvent.Level >= AgentEventLevel.Warning)
        {
            lock (error)
            {
                error.WriteLine(StandardErrorLog.Line(agentEvent));
            }
        }
    }
}
