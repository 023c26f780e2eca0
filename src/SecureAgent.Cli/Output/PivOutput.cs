namespace SecureAgent.Cli.Output;

/// <summary>Readers and PIV tokens in <see cref="StatusOutput"/>.</summary>
/// <param name="Enabled">Whether keys of tokens are offered.</param>
/// <param name="Problem">Why no reader can be reached, or null.</param>
/// <param name="Readers">The readers, with a token or without.</param>
/// <param name="Tokens">The tokens in them.</param>
internal sealed record PivOutput(
    bool Enabled, string? Problem, IReadOnlyList<string> Readers, IReadOnlyList<TokenOutput> Tokens);
