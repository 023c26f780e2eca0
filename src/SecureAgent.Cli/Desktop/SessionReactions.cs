using SecureAgent.Cli.Configuration;
using SecureAgent.Core;

namespace SecureAgent.Cli.Desktop;

/// <summary>Does what the settings want when the person leaves the machine.</summary>
internal static class SessionReactions
{
    /// <summary>Does it, and says so in the log.</summary>
    /// <param name="change">Anything but the end of the session.</param>
    /// <param name="settings">Say what to do.</param>
    /// <param name="agent">To do it to.</param>
    /// <param name="log">Told.</param>
    public static void React(SessionChange change, Settings settings, SshAgent agent, IAgentLog log)
    {
        (SessionReaction reaction, string why) = change == SessionChange.Sleeps
            ? (settings.OnSleep, "The machine goes to sleep")
            : (settings.OnSessionLock, "The session was locked or left");
        switch (reaction)
        {
            case SessionReaction.DropPins:
                agent.ForgetSecrets();
                log.Write(new AgentEvent(
                    AgentEventLevel.Information, "session", $"{why}: cached PINs and confirmations were dropped."));
                break;
            case SessionReaction.RemoveKeys:
                int count = agent.RemoveAllKeys();
                log.Write(new AgentEvent(
                    AgentEventLevel.Information, "session", $"{why}: all {count} identities were removed."));
                break;
            default:
                break;
        }
    }
}
