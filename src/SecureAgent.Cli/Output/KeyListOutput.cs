namespace SecureAgent.Cli.Output;

/// <summary><c>key list --json</c>. Fields are only ever added; a change of meaning is another
/// <paramref name="Schema"/>.</summary>
/// <param name="Schema">1.</param>
/// <param name="Keys">The keys, by name.</param>
internal sealed record KeyListOutput(int Schema, IReadOnlyList<KeyOutput> Keys);
