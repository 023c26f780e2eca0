namespace SecureAgent.Backends.Piv;

/// <summary>Where a key was made.</summary>
public enum PivKeyOrigin : byte
{
    /// <summary>The card does not tell.</summary>
    Unknown = 0,

    /// <summary>On the card, which it has never left.</summary>
    Generated = 1,

    /// <summary>Elsewhere, and written to the card.</summary>
    Imported = 2,
}
