namespace SecureAgent.Cli.Output;

/// <summary>One PIV token, in <c>status --json</c>, <c>token list --json</c> and <c>token info --json</c>.</summary>
internal sealed record TokenOutput
{
    /// <summary>1.</summary>
    public int Schema { get; init; } = 1;

    /// <summary>The reader that it is in.</summary>
    public required string Reader { get; init; }

    /// <summary>What <c>--token</c> takes: the serial number of a YubiKey; null if it could not be read.</summary>
    public string? Id { get; init; }

    /// <summary>What it is, such as <c>YubiKey 12345678</c>, or null.</summary>
    public string? Name { get; init; }

    /// <summary>Version of its firmware, or null.</summary>
    public string? Firmware { get; init; }

    /// <summary>Wrong PINs that it still takes, or null if it does not tell.</summary>
    public int? PinTriesLeft { get; init; }

    /// <summary>Whether the PIN is that of new tokens, or null if it does not tell.</summary>
    public bool? PinIsDefault { get; init; }

    /// <summary>Wrong PUKs that it still takes, or null if it does not tell.</summary>
    public int? PukTriesLeft { get; init; }

    /// <summary>Whether the PUK is that of new tokens, or null if it does not tell.</summary>
    public bool? PukIsDefault { get; init; }

    /// <summary>Kind of the management key, such as <c>aes-192</c>, or null.</summary>
    public string? ManagementKey { get; init; }

    /// <summary>Whether the management key is that of new tokens, or null if it does not tell.</summary>
    public bool? ManagementKeyIsDefault { get; init; }

    /// <summary>Whether the management key is stored on it, behind the PIN.</summary>
    public bool ManagementKeyIsStored { get; init; }

    /// <summary>Its keys.</summary>
    public IReadOnlyList<KeyOutput> Keys { get; init; } = [];

    /// <summary>What is known to be weak about it and its keys, one sentence or two each.</summary>
    public IReadOnlyList<string> Weaknesses { get; init; } = [];

    /// <summary>Why it could not be read, or null.</summary>
    public string? Problem { get; init; }
}
