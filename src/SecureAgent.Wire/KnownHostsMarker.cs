namespace SecureAgent.Wire;

/// <summary>What a line of a known_hosts file says of its key.</summary>
public enum KnownHostsMarker
{
    /// <summary>It is a host's key.</summary>
    None,

    /// <summary><c>@cert-authority</c>: it signs certificates of hosts.</summary>
    CertAuthority,

    /// <summary><c>@revoked</c>: it must not be accepted.</summary>
    Revoked,
}
