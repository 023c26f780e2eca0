namespace SecureAgent.Backends.Piv;

/// <summary>A card with the PIV application, as it was when it was read.</summary>
public sealed record PivToken
{
    /// <summary>The reader it is in.</summary>
    public required string Reader { get; init; }

    /// <summary>What tells it from all other cards: the serial number in decimal; of a card without one the GUID of its
    /// card holder unique identifier in hexadecimal, else a hash of its answer to reset.</summary>
    public required string Id { get; init; }

    /// <summary>The serial number, if it tells one.</summary>
    public uint? Serial { get; init; }

    /// <summary>The firmware's version, if it tells one.</summary>
    public Version? Firmware { get; init; }

    /// <summary>Whether it answers GET METADATA: policies and defaults are known without spending a try.</summary>
    public bool HasMetadata { get; init; }

    /// <summary>The slots that have something, in the order of <see cref="PivSlot.All"/>.</summary>
    public IReadOnlyList<PivKey> Keys { get; init; } = [];

    /// <summary>How to call it to a person, such as <c>YubiKey 12345678</c>.</summary>
    public string Name =>
        Reader.Contains("yubi", StringComparison.OrdinalIgnoreCase) ? $"YubiKey {Id}" : $"PIV card {Id}";
}
