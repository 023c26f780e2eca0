namespace SecureAgent.Backends.Piv;

/// <summary>What GET METADATA says of a key (Yubico, firmware 5.3 and later).</summary>
/// <param name="Algorithm">Its algorithm.</param>
/// <param name="PinPolicy">When it wants the PIN.</param>
/// <param name="TouchPolicy">When it wants a touch.</param>
/// <param name="Origin">Where it was made.</param>
/// <param name="PublicKey">The public key's data objects (<c>86</c>, or <c>81</c> and <c>82</c>); empty if the card
/// does not give it.</param>
/// <param name="IsDefault">Whether it is the value that every card has when new; only of the management key.</param>
internal sealed record PivSlotMetadata(
    PivAlgorithm Algorithm, PivPinPolicy PinPolicy, PivTouchPolicy TouchPolicy, PivKeyOrigin Origin, byte[] PublicKey,
    bool IsDefault);
