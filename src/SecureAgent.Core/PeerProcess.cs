namespace SecureAgent.Core;

/// <summary>One process of a peer's chain.</summary>
/// <param name="ProcessId">Its process id when it was read.</param>
/// <param name="ImagePath">Path of its executable, or its short name where the path cannot be read.</param>
public sealed record PeerProcess(int ProcessId, string ImagePath)
{
    /// <summary>When it started, in the system's own unit; with the process id it names one process for good. 0 if it
    /// is not known.</summary>
    public long StartTime { get; init; }

    /// <summary>The session (setsid(2)) or its counterpart that it belongs to; 0 if it is not known.</summary>
    public int SessionId { get; init; }
}
