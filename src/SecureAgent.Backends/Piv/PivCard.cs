namespace SecureAgent.Backends.Piv;

/// <summary>A card that is in a reader, and the way to it.</summary>
/// <param name="Token">What was read from it.</param>
/// <param name="Access">The way.</param>
internal sealed record PivCard(PivToken Token, PivAccess Access);
