namespace SecureAgent.HwSim.Piv;

/// <summary>When a key needs the PIN: Yubico's values.</summary>
internal enum PinPolicy : byte
{
    /// <summary>As the slot has it.</summary>
    Default = 0,

    /// <summary>Never.</summary>
    Never = 1,

    /// <summary>Verified since the application was selected.</summary>
    Once = 2,

    /// <summary>Verified for each use.</summary>
    Always = 3,
}

/// <summary>When a key needs a touch: Yubico's values.</summary>
internal enum TouchPolicy : byte
{
    /// <summary>Never.</summary>
    Default = 0,

    /// <summary>Never.</summary>
    Never = 1,

    /// <summary>For each use.</summary>
    Always = 2,

    /// <summary>Not again within 15 seconds.</summary>
    Cached = 3,
}
