using SecureAgent.Core;

namespace SecureAgent.Backends.PrivateKeys;

/// <summary>Asks for the passphrase of a private key file.</summary>
/// <param name="previousWasWrong">Whether the last answer was wrong.</param>
/// <param name="ct">Cancelled when the command is.</param>
/// <returns>The passphrase, which the caller disposes; <see langword="null"/> if nobody gives one.</returns>
public delegate ValueTask<Secret?> AskPassphrase(bool previousWasWrong, CancellationToken ct);
