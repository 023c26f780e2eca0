namespace SecureAgent.HwSim.Tpm;

/// <summary>What the policy commands have gathered in a policy session (Part 1, 19.7).</summary>
internal sealed class PolicyState
{
    /// <summary>When the session was started or restarted, in milliseconds of the TPM's time.</summary>
    public ulong StartTime { get; init; }

    /// <summary>The policyDigest.</summary>
    public byte[] Digest { get; set; } = [];

    /// <summary>The only command allowed, once TPM2_PolicyCommandCode has said so.</summary>
    public TPM_CC? CommandCode { get; set; }

    /// <summary>TPM2_PolicyAuthValue: the HMAC must include the authValue.</summary>
    public bool IsAuthValueNeeded { get; set; }

    /// <summary>TPM2_PolicyPassword: the authValue must be given in the HMAC field.</summary>
    public bool IsPasswordNeeded { get; set; }

    /// <summary>The PCR update counter seen by TPM2_PolicyPCR.</summary>
    public uint? PcrUpdateCounter { get; set; }

    /// <summary>The only command parameters allowed (cpHash), for TPM2_PolicySecret's cpHashA.</summary>
    public byte[]? CpHash { get; set; }

    /// <summary>When the authorization ends, in milliseconds of the TPM's time.</summary>
    public ulong? Timeout { get; set; }
}
