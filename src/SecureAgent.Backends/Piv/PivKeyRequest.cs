namespace SecureAgent.Backends.Piv;

/// <summary>What a new key is to be.</summary>
public sealed record PivKeyRequest
{
    /// <summary>Its name, as a common name in its certificate; a <see cref="KeyName"/>.</summary>
    public required string Name { get; init; }

    /// <summary>Where it goes.</summary>
    public PivSlot Slot { get; init; } = PivSlot.Authentication;

    /// <summary>What it is; for a new key only.</summary>
    public PivAlgorithm Algorithm { get; init; } = PivAlgorithm.ECC_P256;

    /// <summary>When it wants the PIN.</summary>
    public PivPinPolicy PinPolicy { get; init; } = PivPinPolicy.Default;

    /// <summary>When it wants a touch.</summary>
    public PivTouchPolicy TouchPolicy { get; init; } = PivTouchPolicy.Default;

    /// <summary>Whether a key that is in the slot may be overwritten, for good.</summary>
    public bool Force { get; init; }
}
