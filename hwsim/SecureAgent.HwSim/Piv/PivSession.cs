namespace SecureAgent.HwSim.Piv;

/// <summary>What the application knows of its user, until it is selected again or the power goes.</summary>
internal sealed class PivSession
{
    /// <summary>The PIN was verified.</summary>
    public bool PinVerified { get; private set; }

    /// <summary>The PIN was verified, and no key that wants it each time has been used since.</summary>
    public bool PinFresh { get; set; }

    /// <summary>The management key was authenticated.</summary>
    public bool ManagementAuthenticated { get; set; }

    /// <summary>The witness that the host must decipher.</summary>
    public byte[]? Witness { get; set; }

    /// <summary>The challenge that the host must encipher.</summary>
    public byte[]? Challenge { get; set; }

    /// <summary>The PIN was verified just now, or is no longer.</summary>
    public void SetPin(bool verified) => PinVerified = PinFresh = verified;

    /// <summary>Everything is forgotten.</summary>
    public void Reset()
    {
        SetPin(false);
        ManagementAuthenticated = false;
        Witness = null;
        Challenge = null;
    }
}
