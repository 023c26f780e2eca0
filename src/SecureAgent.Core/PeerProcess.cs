namespace SecureAgent.Core;

/// <summary>One process of a peer's chain.</summary>
/// <param name="ProcessId">Its process id when it was read.</param>
/// <param name="ImagePath">Path of its executable, or its short name where the path cannot be read.</param>
public sealed record PeerProcess(int ProcessId, string ImagePath);
