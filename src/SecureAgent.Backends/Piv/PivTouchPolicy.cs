namespace SecureAgent.Backends.Piv;

/// <summary>When a slot wants the token to be touched (Yubico).</summary>
public enum PivTouchPolicy : byte
{
    /// <summary>As the slot does by itself: never.</summary>
    Default = 0,

    /// <summary>Never.</summary>
    Never = 1,

    /// <summary>For each signature.</summary>
    Always = 2,

    /// <summary>For a signature, and then not for 15 seconds.</summary>
    Cached = 3,
}
