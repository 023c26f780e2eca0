namespace SecureAgent.Backends.Piv;

/// <summary>How a card is set up.</summary>
public sealed record PivTokenInfo
{
    /// <summary>The card and its keys.</summary>
    public required PivToken Token { get; init; }

    /// <summary>Wrong PINs that it still takes; <see langword="null"/> if it does not tell.</summary>
    public int? PinTriesLeft { get; init; }

    /// <summary>The PIN, if the card has metadata.</summary>
    public PivPinMetadata? Pin { get; init; }

    /// <summary>The PUK, if the card has metadata.</summary>
    public PivPinMetadata? Puk { get; init; }

    /// <summary>The management key's algorithm.</summary>
    public PivAlgorithm ManagementKeyAlgorithm { get; init; }

    /// <summary>Whether the management key is that of new cards; <see langword="null"/> if the card does not
    /// tell.</summary>
    public bool? IsManagementKeyDefault { get; init; }

    /// <summary>Whether the management key is stored on the card, and the PIN opens it.</summary>
    public bool IsManagementKeyStored { get; init; }

    /// <summary>Whether the management key is derived from the PIN, the old way of Yubico's programs.</summary>
    public bool IsManagementKeyDerived { get; init; }

    /// <summary>What is weak about the card and its keys, for a person.</summary>
    public IReadOnlyList<PivWeakness> Weaknesses { get; init; } = [];

    /// <summary>Asks a card whose PIV application is selected. Spends no try.</summary>
    internal static PivTokenInfo Read(PivCommands commands, PivToken token)
    {
        PivManagementState management = PivManagementState.Read(commands);
        PivPinMetadata? pin = commands.ReadPinMetadata(PivCommands.Pin);
        return new PivTokenInfo
        {
            Token = token,
            PinTriesLeft = pin?.TriesLeft ?? commands.ReadTriesLeft(),
            Pin = pin,
            Puk = commands.ReadPinMetadata(PivCommands.Puk),
            ManagementKeyAlgorithm = management.Algorithm,
            IsManagementKeyDefault = management.IsDefault,
            IsManagementKeyStored = management.Pivman.HasStoredKey,
            IsManagementKeyDerived = management.Pivman.HasDerivedKey,
            Weaknesses = [.. PivWeakness.Of(token)],
        };
    }
}
