namespace SecureAgent.HwSim.Piv;

/// <summary>Which card a <see cref="PivCard"/> is, and how it behaves.</summary>
public sealed record PivCardOptions
{
    /// <summary>The older personality: no Ed25519, X25519, RSA 3072 and 4096, no MOVE; the management key is
    /// 3DES.</summary>
    public static readonly Version Firmware543 = new(5, 4, 3);

    /// <summary>The newer personality; its management key is AES-192.</summary>
    public static readonly Version Firmware572 = new(5, 7, 2);

    /// <summary>The firmware; a state file that exists has its own.</summary>
    public Version Firmware { get; init; } = Firmware572;

    /// <summary>The serial number; a state file that exists has its own.</summary>
    public uint Serial { get; init; } = 12345678;

    /// <summary>Where keys, objects, PIN and counters live; <see langword="null"/> keeps them in memory for the life of
    /// the object. Written atomically after every command that changed them.</summary>
    public string? StateFile { get; init; }

    /// <summary>Who touches the card.</summary>
    public PivTouch Touch { get; init; } = PivTouch.Always;

    /// <summary>How long the card waits for a touch; 15 seconds like a YubiKey.</summary>
    public TimeSpan TouchTimeout { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>Drives how long a touch is remembered for keys whose policy is "cached".</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;
}
