namespace SecureAgent.HwSim.Piv;

/// <summary>Data objects by tag (SP 800-73-4 part 1, table 3) and Yubico's own.</summary>
internal static class PivObjects
{
    /// <summary>The discovery object, which no command changes.</summary>
    public const int Discovery = 0x7E;

    /// <summary>Yubico's certificate of the attestation key.</summary>
    public const int AttestationCertificate = 0x5FFF01;

    /// <summary>The largest object that a YubiKey takes, tag and length included.</summary>
    public const int MaxSize = 3063;

    /// <summary>The AID with its version, and the PIN usage policy: the card's PIN, no global PIN.</summary>
    public static readonly byte[] DiscoveryObject =
        Convert.FromHexString("7E124F0BA0000003080000100001005F2F024000");

    private const int Fingerprints = 0x5FC103;
    private const int FacialImage = 0x5FC108;
    private const int Printed = 0x5FC109;
    private const int Iris = 0x5FC121;

    /// <summary>Whether the PIN must be verified to read the object.</summary>
    public static bool NeedsPin(int tag) => tag is Fingerprints or FacialImage or Printed or Iris;

    /// <summary>Whether the object can be written: those of PIV, and Yubico's.</summary>
    public static bool IsWritable(int tag) => tag is (>= 0x5FC101 and <= 0x5FC123) or (>= 0x5FFF00 and <= 0x5FFF15);
}
