namespace SecureAgent.Core;

/// <summary>A yes-or-no question before a key is used.</summary>
/// <param name="Who">The key, the peer and the purpose.</param>
public sealed record ConfirmPrompt(SignContext Who);
