namespace SecureAgent.Bench;

/// <summary>A software key and what its signatures are asked with.</summary>
/// <param name="Name">Its name, and that of its file.</param>
/// <param name="Type">As <c>ssh-keygen -t</c> takes it.</param>
/// <param name="Bits">As <c>ssh-keygen -b</c> takes it.</param>
/// <param name="Flags">The flags of its sign requests (RFC 8332): SHA-256 and SHA-512 for RSA.</param>
internal sealed record KeyKind(string Name, string Type, int Bits, params uint[] Flags)
{
    private const uint None = 0;
    private const uint SSH_AGENT_RSA_SHA2_256 = 2;
    private const uint SSH_AGENT_RSA_SHA2_512 = 4;

    /// <summary>Every kind that is measured.</summary>
    public static readonly KeyKind[] All =
    [
        new("ecdsa-256", "ecdsa", 256, None),
        new("ecdsa-384", "ecdsa", 384, None),
        new("ecdsa-521", "ecdsa", 521, None),
        new("ed25519", "ed25519", 256, None),
        new("rsa-2048", "rsa", 2048, SSH_AGENT_RSA_SHA2_256, SSH_AGENT_RSA_SHA2_512),
        new("rsa-3072", "rsa", 3072, SSH_AGENT_RSA_SHA2_256, SSH_AGENT_RSA_SHA2_512),
        new("rsa-4096", "rsa", 4096, SSH_AGENT_RSA_SHA2_256, SSH_AGENT_RSA_SHA2_512),
    ];
}
