namespace SecureAgent.Cli.Output;

/// <summary><c>status --json</c>. Fields are only ever added; a change of meaning is another
/// <paramref name="Schema"/>.</summary>
/// <param name="Schema">1.</param>
/// <param name="Agent">The agent.</param>
/// <param name="Tpm">The TPM.</param>
/// <param name="Weaknesses">What protects the keys less than it should, one sentence each.</param>
/// <param name="Channels">The ways for clients to arrive; none where there is only that of
/// <paramref name="Agent"/>.</param>
/// <param name="Piv">The PIV tokens.</param>
internal sealed record StatusOutput(
    int Schema,
    AgentOutput Agent,
    TpmOutput Tpm,
    IReadOnlyList<string> Weaknesses,
    IReadOnlyList<ChannelOutput> Channels,
    PivOutput Piv);
