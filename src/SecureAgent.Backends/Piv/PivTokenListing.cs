namespace SecureAgent.Backends.Piv;

/// <summary>One reader with a card in it.</summary>
/// <param name="Reader">The reader's name.</param>
/// <param name="Token">The card, or <see langword="null"/> if it could not be read.</param>
/// <param name="Problem">Why not, for a person.</param>
public sealed record PivTokenListing(string Reader, PivToken? Token, string? Problem);
