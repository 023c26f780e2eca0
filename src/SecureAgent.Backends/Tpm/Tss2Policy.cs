namespace SecureAgent.Backends.Tpm;

/// <summary>TPMPolicy of a TSS2 key file: one policy command that the user of the key replays in a policy
/// session.</summary>
/// <param name="CommandCode">TPM_CC of the policy command.</param>
/// <param name="CommandPolicy">Its marshalled parameters, without handles; empty for a command that has none.</param>
public sealed record Tss2Policy(uint CommandCode, ReadOnlyMemory<byte> CommandPolicy);

/// <summary>TPMAuthPolicy of a TSS2 key file: one signed alternative for TPM2_PolicyAuthorize.</summary>
/// <param name="Name">UTF-8 text for a person, or <see langword="null"/>.</param>
/// <param name="Policies">Its commands in order.</param>
public sealed record Tss2AuthPolicy(string? Name, IReadOnlyList<Tss2Policy> Policies);
