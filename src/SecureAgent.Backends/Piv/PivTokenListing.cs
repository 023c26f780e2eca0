using SecureAgent.Core;

namespace SecureAgent.Backends.Piv;

/// <summary>One reader with a card in it.</summary>
/// <param name="Reader">The reader's name.</param>
/// <param name="Info">The card and how it is set up, or <see langword="null"/> if it could not be read.</param>
/// <param name="Failure">Why not.</param>
public sealed record PivTokenListing(string Reader, PivTokenInfo? Info, BackendException? Failure)
{
    /// <summary>The card, or <see langword="null"/> if it could not be read.</summary>
    public PivToken? Token => Info?.Token;

    /// <summary>Why it could not be read, for a person.</summary>
    public string? Problem => Failure?.Message;
}
