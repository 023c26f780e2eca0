namespace SecureAgent.Cli.Output;

/// <summary><c>token list --json</c>. Fields are only ever added; a change of meaning is another
/// <paramref name="Schema"/>.</summary>
/// <param name="Schema">1.</param>
/// <param name="Tokens">The tokens, by reader.</param>
internal sealed record TokenListOutput(int Schema, IReadOnlyList<TokenOutput> Tokens);
