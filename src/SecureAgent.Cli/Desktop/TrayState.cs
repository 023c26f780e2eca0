using SecureAgent.Core;

namespace SecureAgent.Cli.Desktop;

/// <summary>What the notification area shows of the agent.</summary>
/// <param name="Agent">The agent.</param>
/// <param name="Endpoints">Where clients can connect, as <c>CHANNEL: ENDPOINT</c>.</param>
/// <param name="Failures">Why channels do not serve, a sentence each.</param>
internal sealed record TrayState(
    AgentStatus Agent, IReadOnlyList<string> Endpoints, IReadOnlyList<string> Failures);
