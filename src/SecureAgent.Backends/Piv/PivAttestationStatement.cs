using SecureAgent.Wire;

namespace SecureAgent.Backends.Piv;

/// <summary>What a verified attestation says.</summary>
public sealed record PivAttestationStatement
{
    /// <summary>The key, which was made on the token and has never left it.</summary>
    public required PublicKey PublicKey { get; init; }

    /// <summary>Subject of the root that vouches for it.</summary>
    public required string Root { get; init; }

    /// <summary>Serial number of the token, if the attestation tells it.</summary>
    public uint? Serial { get; init; }

    /// <summary>Version of its firmware, if the attestation tells it.</summary>
    public Version? Firmware { get; init; }

    /// <summary>The slot, if the attestation tells it.</summary>
    public string? Slot { get; init; }

    /// <summary>When the key wants the PIN, if the attestation tells it.</summary>
    public PivPinPolicy? PinPolicy { get; init; }

    /// <summary>When the key wants a touch, if the attestation tells it.</summary>
    public PivTouchPolicy? TouchPolicy { get; init; }
}
