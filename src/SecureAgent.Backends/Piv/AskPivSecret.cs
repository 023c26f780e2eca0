using SecureAgent.Core;

namespace SecureAgent.Backends.Piv;

/// <summary>Asks a person for a secret of a card. An answer is sent to the card once, and never again if it was
/// wrong.</summary>
/// <param name="kind">Which.</param>
/// <param name="triesLeft">How many wrong answers the card still takes, where it is known; with 1 a wrong one
/// blocks.</param>
/// <param name="ct">Cancelled when the command is.</param>
/// <returns>The secret, which the library disposes; <see langword="null"/> if nobody gives one.</returns>
public delegate ValueTask<Secret?> AskPivSecret(PivSecretKind kind, int? triesLeft, CancellationToken ct);
