namespace SecureAgent.HwSim.Tpm;

/// <summary>One TPMS_AUTH_COMMAND of a command.</summary>
internal sealed class SessionUse
{
    /// <summary>The session handle, or TPM_RS_PW.</summary>
    public required uint Handle { get; init; }

    /// <summary>The session; <see langword="null"/> for TPM_RS_PW.</summary>
    public required TpmSession? Session { get; init; }

    /// <summary>nonceCaller.</summary>
    public required byte[] NonceCaller { get; init; }

    /// <summary>sessionAttributes.</summary>
    public required TPMA_SESSION Attributes { get; init; }

    /// <summary>The HMAC or the password.</summary>
    public required byte[] Auth { get; init; }

    /// <summary>The number of the handle that this session authorizes, counted from 1; 0 for none.</summary>
    public int HandleNumber { get; set; }

    /// <summary>The authValue of that handle is part of the HMAC key.</summary>
    public bool IncludeAuth { get; set; }

    /// <summary>cpHash under the session's hash algorithm.</summary>
    public byte[]? CpHash { get; set; }

    /// <summary>Whether <paramref name="attribute"/> is set.</summary>
    public bool Has(TPMA_SESSION attribute) => (Attributes & attribute) != 0;
}
