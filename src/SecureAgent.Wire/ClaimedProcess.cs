namespace SecureAgent.Wire;

/// <summary>One process of a <see cref="ClaimedPeer"/>.</summary>
/// <param name="ProcessId">Its process id where it runs.</param>
/// <param name="Image">Path of its executable there, or its short name.</param>
public sealed record ClaimedProcess(uint ProcessId, string Image);
