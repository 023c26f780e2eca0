using SecureAgent.Wire;

namespace SecureAgent.Core;

/// <summary>Who is at the other end of one connection, as far as the channel could learn it. Only the channel's own
/// check (owner of the socket, token of the pipe) decides whether the peer may talk at all; the process fields are for
/// display and logs, because a process id can be reused.</summary>
/// <param name="Channel">Name of the channel that accepted the connection, such as <c>unix</c>.</param>
public sealed record PeerInfo(string Channel)
{
    private readonly Lazy<IReadOnlyList<PeerProcess>> _processes = new(() => []);

    /// <summary>Process id of the peer, or <see langword="null"/> where the channel cannot know it.</summary>
    public int? ProcessId { get; init; }

    /// <summary>User of the peer as the system writes it: a uid on Linux, a SID on Windows.</summary>
    public string? User { get; init; }

    /// <summary>Whom the peer says it relays for, if it does. Anybody can say so: it is shown, and decides
    /// nothing.</summary>
    public ClaimedPeer? Claimed { get; init; }

    /// <summary>Reads the peer's process chain when it is first asked for, nearest process first; empty if
    /// unknown.</summary>
    public Func<IReadOnlyList<PeerProcess>> ReadProcesses
    {
        init => _processes = new Lazy<IReadOnlyList<PeerProcess>>(value);
    }

    /// <summary>The peer's process and its ancestors, nearest first.</summary>
    public IReadOnlyList<PeerProcess> Processes => _processes.Value;
}
