namespace SecureAgent.Backends.Tpm;

/// <summary>The policy of a key that is usable only while PCRs have the values they had when it was made.</summary>
/// <param name="Pcrs">The PCRs (TPM2_PolicyPCR).</param>
/// <param name="AuthValue">Whether the PIN is needed too (TPM2_PolicyAuthValue after it).</param>
internal sealed record TpmPolicy(TpmPcrSelection Pcrs, bool AuthValue);
