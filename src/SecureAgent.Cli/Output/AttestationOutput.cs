namespace SecureAgent.Cli.Output;

/// <summary><c>attest verify --json</c>. Fields are only ever added; a change of meaning is another
/// <see cref="Schema"/>.</summary>
internal sealed record AttestationOutput
{
    /// <summary>1.</summary>
    public int Schema { get; init; } = 1;

    /// <summary>Kind of the key, such as <c>ecdsa-256</c>.</summary>
    public required string Type { get; init; }

    /// <summary>SHA-256 fingerprint as OpenSSH writes it.</summary>
    public required string Fingerprint { get; init; }

    /// <summary>Serial number of the token, or null.</summary>
    public string? Serial { get; init; }

    /// <summary>Version of its firmware, or null.</summary>
    public string? Firmware { get; init; }

    /// <summary>The slot, such as <c>9a</c>, or null.</summary>
    public string? Slot { get; init; }

    /// <summary>When the key wants the PIN, or null.</summary>
    public string? PinPolicy { get; init; }

    /// <summary>When the key wants a touch, or null.</summary>
    public string? TouchPolicy { get; init; }

    /// <summary>Subject of the root that it leads to.</summary>
    public required string Root { get; init; }
}
