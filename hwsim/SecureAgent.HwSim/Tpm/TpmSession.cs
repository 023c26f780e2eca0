namespace SecureAgent.HwSim.Tpm;

/// <summary>An HMAC, policy or trial session (Part 1, 19).</summary>
internal sealed class TpmSession
{
    /// <summary>0x02xxxxxx or 0x03xxxxxx.</summary>
    public required uint Handle { get; init; }

    /// <summary>TPM_SE_HMAC, TPM_SE_POLICY or TPM_SE_TRIAL.</summary>
    public required TPM_SE Type { get; init; }

    /// <summary>The session's hash algorithm.</summary>
    public required TPM_ALG_ID AuthHash { get; init; }

    /// <summary>The parameter encryption.</summary>
    public required SymDef Symmetric { get; init; }

    /// <summary>The newest nonceTPM.</summary>
    public required byte[] NonceTpm { get; set; }

    /// <summary>The sessionKey; empty if neither salted nor bound.</summary>
    public byte[] SessionKey { get; init; } = [];

    /// <summary>The Name and authValue of the bind entity; <see langword="null"/> if unbound.</summary>
    public byte[]? BoundTo { get; set; }

    /// <summary>The bind entity is subject to lockout.</summary>
    public bool IsDaBound { get; init; }

    /// <summary>The bind entity is TPM_RH_LOCKOUT.</summary>
    public bool IsLockoutBound { get; init; }

    /// <summary>What the policy commands have gathered.</summary>
    public PolicyState Policy { get; set; } = new();

    /// <summary>Forgets what the policy commands have gathered.</summary>
    /// <param name="time">The TPM's time, from which expirations count.</param>
    public void RestartPolicy(ulong time) => Policy = new PolicyState { Digest = new byte[Hash.Size(AuthHash)], StartTime = time };

    /// <summary>The audit digest, or <see langword="null"/> while the session has not audited.</summary>
    public byte[]? AuditDigest { get; set; }

    /// <summary>A policy or trial session.</summary>
    public bool IsPolicy => Type != TPM_SE.TPM_SE_HMAC;

    /// <summary>A trial session.</summary>
    public bool IsTrial => Type == TPM_SE.TPM_SE_TRIAL;
}
