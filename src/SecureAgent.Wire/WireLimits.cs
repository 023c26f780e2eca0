namespace SecureAgent.Wire;

/// <summary>Every limit that this assembly puts on bytes from outside, in one place. A limit is either the one that
/// OpenSSH's agent has (so that what it accepts, we accept) or one far above all real use.</summary>
public static class WireLimits
{
    /// <summary>Largest agent message without its length prefix: 256 KiB, as in OpenSSH and PuTTY. Also the cap for
    /// data to be signed, since that data is part of a message.</summary>
    public const int MaxMessageBytes = 256 * 1024;

    /// <summary>Largest session identifier in a session-bind: an exchange hash has at most 64 bytes; OpenSSH allows
    /// 128.</summary>
    public const int MaxSessionIdBytes = 128;

    /// <summary>Session bindings per connection, as in OpenSSH: a forwarding path of 16 hops.</summary>
    public const int MaxSessionBinds = 16;

    /// <summary>Destination constraints on one key, as in OpenSSH.</summary>
    public const int MaxDestinationConstraints = 1024;

    /// <summary>Certificates in one associated-certs constraint, as in OpenSSH.</summary>
    public const int MaxAssociatedCertificates = 1024;

    /// <summary>Largest user name pattern of a destination constraint. Matching a longer one could cost a processor's
    /// attention for minutes; OpenSSH has the same limit.</summary>
    public const int MaxUserPatternBytes = 256;

    /// <summary>Largest extension, key type, algorithm, method, service and cipher name. The longest in use has 51
    /// bytes; RFC 4250 section 4.6.1 says 64.</summary>
    public const int MaxNameBytes = 256;

    /// <summary>Processes in a claimed peer; as many as are read of a peer of our own.</summary>
    public const int MaxClaimedProcesses = 16;

    /// <summary>Largest channel name and image path in a claimed peer, for display only.</summary>
    public const int MaxClaimedNameBytes = 256;

    /// <summary>Largest RSA modulus, as in OpenSSH: verifying with a larger one is a way to waste our time.</summary>
    public const int MaxRsaModulusBits = 16384;

    /// <summary>Principals in a certificate, as in OpenSSH.</summary>
    public const int MaxCertificatePrincipals = 256;

    /// <summary>Largest private key file. The largest real one, RSA 16384 in base64, has about 13 KiB.</summary>
    public const int MaxPrivateKeyFileBytes = 64 * 1024;

    /// <summary>Largest line of a public key file: a certificate of the largest message, in base64.</summary>
    public const int MaxPublicKeyLineBytes = MaxMessageBytes / 3 * 4 + 4096;

    /// <summary>Largest number of bcrypt rounds that a key file may ask for. ssh-keygen writes 16 or 24; 65536 keep a
    /// processor busy for some minutes, and no file may ask for more.</summary>
    public const int MaxKdfRounds = 65536;

    /// <summary>Largest salt of a key file; ssh-keygen writes 16 bytes.</summary>
    public const int MaxKdfSaltBytes = 1024;
}
