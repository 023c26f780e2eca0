namespace SecureAgent.Wire;

/// <summary>Flags of a sign request (RFC 9987, "Signature flags"). Bits without a name here are ignored.</summary>
[Flags]
#pragma warning disable CA1711 // The specification calls them flags.
public enum SignatureFlags : uint
#pragma warning restore CA1711
{
    /// <summary>No flag: an RSA key signs with SHA-1.</summary>
    None = 0,

    /// <summary>An RSA key signs with SHA-256.</summary>
    SSH_AGENT_RSA_SHA2_256 = 2,

    /// <summary>An RSA key signs with SHA-512.</summary>
    SSH_AGENT_RSA_SHA2_512 = 4,
}
