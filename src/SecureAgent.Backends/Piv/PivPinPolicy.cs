namespace SecureAgent.Backends.Piv;

/// <summary>When a slot wants the PIN (Yubico).</summary>
public enum PivPinPolicy : byte
{
    /// <summary>As the slot does by itself: always for 9c, never for 9e, else once.</summary>
    Default = 0,

    /// <summary>Never.</summary>
    Never = 1,

    /// <summary>Once, until the card is reset or removed.</summary>
    Once = 2,

    /// <summary>Right before each signature.</summary>
    Always = 3,
}
