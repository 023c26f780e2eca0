namespace SecureAgent.Backends.Piv;

/// <summary>What a card says of its management key.</summary>
/// <param name="Algorithm">Its algorithm.</param>
/// <param name="IsDefault">Whether it is the one of new cards; <see langword="null"/> if the card does not
/// tell.</param>
/// <param name="WantsTouch">Whether its use wants a touch.</param>
/// <param name="Pivman">What Yubico's programs wrote about it.</param>
internal sealed record PivManagementState(
    PivAlgorithm Algorithm, bool? IsDefault, bool WantsTouch, PivmanData Pivman)
{
    /// <summary>Asks the card.</summary>
    public static PivManagementState Read(PivCommands commands)
    {
        PivSlotMetadata? metadata = commands.ReadMetadata(PivCommands.ManagementKey, out _);
        return new PivManagementState(
            metadata is null or { Algorithm: PivAlgorithm.None } ? PivAlgorithm.TDES : metadata.Algorithm,
            metadata?.IsDefault,
            metadata?.TouchPolicy is PivTouchPolicy.Always or PivTouchPolicy.Cached,
            PivmanData.Read(commands));
    }
}
