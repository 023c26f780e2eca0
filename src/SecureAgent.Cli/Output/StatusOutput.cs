namespace SecureAgent.Cli.Output;

/// <summary><c>status --json</c>. Fields are only ever added; a change of meaning is another
/// <paramref name="Schema"/>.</summary>
/// <param name="Schema">1.</param>
/// <param name="Agent">The agent.</param>
/// <param name="Tpm">The TPM.</param>
/// <param name="Weaknesses">What protects the keys less than it should, one sentence each.</param>
internal sealed record StatusOutput(int Schema, AgentOutput Agent, TpmOutput Tpm, IReadOnlyList<string> Weaknesses);
