namespace SecureAgent.Backends.Piv;

/// <summary>A reader at one moment.</summary>
/// <param name="Name">Its name, as PC/SC gives it.</param>
/// <param name="HasCard">Whether a card that answers is in it.</param>
/// <param name="IsExclusive">Whether some program holds the card exclusively.</param>
/// <param name="EventCount">How often cards came and went: another number is another card, or the same one put in
/// again.</param>
public sealed record SmartCardReader(string Name, bool HasCard, bool IsExclusive, int EventCount);
