namespace SecureAgent.Backends.Piv;

/// <summary>What GET METADATA says of the PIN or the PUK (Yubico, firmware 5.3 and later).</summary>
/// <param name="IsDefault">Whether it is the one that every card has when new.</param>
/// <param name="Tries">Wrong ones in a row that the card takes.</param>
/// <param name="TriesLeft">How many of them are left.</param>
public sealed record PivPinMetadata(bool IsDefault, int Tries, int TriesLeft);
