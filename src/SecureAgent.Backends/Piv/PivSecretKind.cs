namespace SecureAgent.Backends.Piv;

/// <summary>The secrets of a card that a person may be asked for.</summary>
public enum PivSecretKind
{
    /// <summary>The PIN that holds now: 6 to 8 bytes.</summary>
    Pin,

    /// <summary>A new PIN.</summary>
    NewPin,

    /// <summary>The PUK that holds now: 6 to 8 bytes.</summary>
    Puk,

    /// <summary>A new PUK.</summary>
    NewPuk,

    /// <summary>The management key that holds now, as bytes: 16, 24 or 32.</summary>
    ManagementKey,
}
