namespace SecureAgent.HwSim.Piv;

/// <summary>Key references (SP 800-73-4 part 1, table 4b) and the objects that belong to them.</summary>
internal static class PivSlot
{
    /// <summary>The card's PIN.</summary>
    public const byte Pin = 0x80;

    /// <summary>The PIN unblocking key.</summary>
    public const byte Puk = 0x81;

    /// <summary>The first retired key management key; there are 20.</summary>
    public const byte Retired1 = 0x82;

    /// <summary>The last retired key management key.</summary>
    public const byte Retired20 = 0x95;

    /// <summary>PIV authentication.</summary>
    public const byte Authentication = 0x9A;

    /// <summary>The card management key.</summary>
    public const byte Management = 0x9B;

    /// <summary>Digital signature.</summary>
    public const byte Signature = 0x9C;

    /// <summary>Key management.</summary>
    public const byte KeyManagement = 0x9D;

    /// <summary>Card authentication.</summary>
    public const byte CardAuthentication = 0x9E;

    /// <summary>Yubico's attestation key.</summary>
    public const byte Attestation = 0xF9;

    /// <summary>Whether a key pair can be there; F9 included.</summary>
    public static bool HoldsKeyPair(byte slot) => slot is Authentication or Signature or KeyManagement
        or CardAuthentication or Attestation or (>= Retired1 and <= Retired20);

    /// <summary>The PIN policy of a key that was made without one.</summary>
    public static PinPolicy DefaultPinPolicy(byte slot) => slot switch
    {
        Signature => PinPolicy.Always,
        CardAuthentication => PinPolicy.Never,
        _ => PinPolicy.Once,
    };
}
