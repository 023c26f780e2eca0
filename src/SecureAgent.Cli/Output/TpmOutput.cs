namespace SecureAgent.Cli.Output;

/// <summary>The TPM in <see cref="StatusOutput"/>.</summary>
internal sealed record TpmOutput
{
    /// <summary>Its TCTI.</summary>
    public required string Tcti { get; init; }

    /// <summary>Whether it answers.</summary>
    public required bool Reachable { get; init; }

    /// <summary>Why not, or null.</summary>
    public string? Problem { get; init; }

    /// <summary>Its maker and firmware as it says, or null.</summary>
    public string? Device { get; init; }

    /// <summary>Whether keys with a PIN are refused for now, or null.</summary>
    public bool? LockedOut { get; init; }

    /// <summary>Wrong PINs that it still takes before lockout, or null.</summary>
    public int? TriesLeft { get; init; }

    /// <summary>Seconds until one more try is allowed, or null.</summary>
    public long? RecoverySeconds { get; init; }
}
