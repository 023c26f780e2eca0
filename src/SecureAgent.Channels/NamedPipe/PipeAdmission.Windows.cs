using System.Runtime.Versioning;
using Microsoft.Win32.SafeHandles;
using SecureAgent.Channels.Windows;
using SecureAgent.Core;

namespace SecureAgent.Channels.NamedPipe;

/// <summary>Finds out who a pipe client is, and refuses everybody but this user and the system. The pipe's descriptor
/// does the same; this holds if somebody has changed it.</summary>
/// <param name="channel">Name of the channel.</param>
/// <param name="endpoint">What messages call the pipe.</param>
/// <param name="log">Takes refused clients.</param>
/// <param name="time">The clock that says when a client came.</param>
[SupportedOSPlatform("windows")]
internal sealed class PipeAdmission(string channel, string endpoint, IAgentLog log, TimeProvider time)
{
    /// <summary>Admits one client.</summary>
    /// <param name="pipe">The server's handle.</param>
    /// <param name="processId">The client's process id; 0 if it is not known.</param>
    /// <returns><see langword="null"/> if it is refused, which is logged.</returns>
    public PeerInfo? Admit(SafePipeHandle pipe, int processId)
    {
        string? user = UserOf(pipe, out string why);
        PeerInfo peer = new(channel)
        {
            ProcessId = processId == 0 ? null : processId,
            User = user,
            ReadProcesses = () => processId == 0 ? [] : WindowsProcess.ChainOf(processId),
        };
        if (user == WindowsUser.Current.Sid || user == WindowsUser.LocalSystemSid)
        {
            return peer;
        }

        string who = processId == 0 ? "a process" : WindowsProcess.Describe(processId);
        log.Write(new AgentEvent(AgentEventLevel.Warning, "peer",
            $"Refused {who} on {endpoint}: {(user is null ? why : $"it runs as {user}")}. Only you and the system may "
            + "use this agent.") { Peer = peer });
        return null;
    }

    /// <summary>The client's user by its token, which cannot be another's. Two kinds of clients have none to show: who
    /// opened the pipe anonymously, as Go's library does, and on some versions of Windows who has not written yet
    /// (ERROR_CANNOT_IMPERSONATE). Both are looked up by process id: waiting for a first byte would leave a silent
    /// client unnamed for as long as it likes, and the descriptor has kept other users out already.</summary>
    private string? UserOf(SafePipeHandle pipe, out string why)
    {
        string? user = Win32.ClientUserOf(pipe, out int error);
        if (error is Win32.ERROR_CANT_OPEN_ANONYMOUS or Win32.ERROR_CANNOT_IMPERSONATE)
        {
            user = ClientProcess.UserOf(
                time.GetUtcNow().ToFileTime(), () => Win32.ClientProcessIdOf(pipe), WindowsProcess.IdentityOf);
        }

        why = user is null ? $"it does not show whose it is (error {error})" : "";
        return user;
    }
}
