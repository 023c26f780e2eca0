namespace SecureAgent.Core;

/// <summary>A hint that a device waits for a touch.</summary>
/// <param name="Who">The key, the peer and the purpose.</param>
public sealed record TouchPrompt(SignContext Who);
