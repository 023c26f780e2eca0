namespace SecureAgent.Backends.Tpm;

/// <summary>What the TPM says about wrong PINs (TPM 2.0 Part 1, 19.8). One counter for every user of the TPM.</summary>
/// <param name="InLockout">Whether every key with a PIN is refused for now.</param>
/// <param name="LockoutCounter">TPM_PT_LOCKOUT_COUNTER: wrong authorisations counted.</param>
/// <param name="MaxAuthFail">TPM_PT_MAX_AUTH_FAIL: how many bring lockout.</param>
/// <param name="LockoutInterval">TPM_PT_LOCKOUT_INTERVAL: how long until the counter drops by one.</param>
/// <param name="LockoutRecovery">TPM_PT_LOCKOUT_RECOVERY: how long until a failed lockout authorisation may be tried
/// again.</param>
internal sealed record TpmDictionaryAttackState(
    bool InLockout, int LockoutCounter, int MaxAuthFail, TimeSpan LockoutInterval, TimeSpan LockoutRecovery)
{
    /// <summary>Wrong PINs that the TPM still takes before lockout.</summary>
    public int TriesLeft => InLockout ? 0 : Math.Max(0, MaxAuthFail - LockoutCounter);
}
