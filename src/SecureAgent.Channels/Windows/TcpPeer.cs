namespace SecureAgent.Channels.Windows;

/// <summary>Whose process is at the other end of a TCP connection within this machine.</summary>
/// <param name="ProcessId">Its process id, for display; <see langword="null"/> if it is not known.</param>
/// <param name="User">Its user as the system writes it; <see langword="null"/> if it is not known.</param>
/// <param name="IsTrusted">Whether it may use this agent, if it knows the secret.</param>
internal sealed record TcpPeer(int? ProcessId, string? User, bool IsTrusted)
{
    private const uint MIB_TCP_STATE_ESTAB = 5;
    private const string LocalSystemSid = "S-1-5-18";

    /// <summary>Judges by what the system tells: a process has to be this user's or the system's.</summary>
    /// <param name="owner">The peer's end; <see langword="null"/> if the system knows none any more.</param>
    /// <param name="userSid">SID of the user of that process; <see langword="null"/> if it may not be asked.</param>
    /// <param name="ownSid">SID of this user.</param>
    /// <remarks>An end that no process has belongs to somebody who has closed it, and is refused then; but while the
    /// connection stands it belongs to a guest that shares this system's loopback (WSL2 with mirrored networking, the
    /// host of Wine). No process of another user can look like that, so that the secret decides alone.</remarks>
    public static TcpPeer Judge(TcpOwner? owner, string? userSid, string ownSid) => owner switch
    {
        null => new TcpPeer(null, null, IsTrusted: false),
        { ProcessId: 0 } => new TcpPeer(null, null, owner.Value.State == MIB_TCP_STATE_ESTAB),
        { ProcessId: var pid } => new TcpPeer(
            pid, userSid, userSid == ownSid || userSid == LocalSystemSid),
    };
}
