namespace SecureAgent.HwSim.Tpm;

/// <summary>Dictionary attack protection (Part 1, 19.8).</summary>
internal sealed class DictionaryAttack(PersistentState persistent, TpmClock clock)
{
    private ulong _selfHealTimer;
    private ulong _lockoutTimer;
    private bool _used;

    /// <summary>Authorizations that are subject to lockout are refused now.</summary>
    public bool InLockout
    {
        get
        {
            Heal();
            return persistent.FailedTries >= persistent.MaxTries;
        }
    }

    /// <summary>Failures that count, after what time has healed.</summary>
    public uint FailedTries
    {
        get
        {
            Heal();
            return persistent.FailedTries;
        }
    }

    /// <summary>TPM Reset, TPM Restart or TPM Resume.</summary>
    /// <param name="orderly">The TPM was shut down in order.</param>
    public void Startup(bool orderly)
    {
        _used = false;
        _selfHealTimer = clock.Time;
        _lockoutTimer = clock.Time;
        if (persistent.LockoutRecovery == 0 && !persistent.LockoutAuthEnabled)
        {
            persistent.LockoutAuthEnabled = true;
            persistent.Touch();
        }

        if (!orderly && persistent.DaUsed && persistent.FailedTries < persistent.MaxTries)
        {
            persistent.FailedTries++;
        }

        persistent.DaUsed = false;
        persistent.Touch();
    }

    /// <summary>Fails if the lockout hierarchy (or everything else that is subject to lockout) may not be used now.</summary>
    /// <exception cref="TpmError">TPM_RC_LOCKOUT; or, once after startup, TPM_RC_RETRY: the fact that an authorization was
    /// tried goes to non-volatile memory first.</exception>
    public void Check(bool forLockoutAuth)
    {
        Heal();
        if (forLockoutAuth ? !persistent.LockoutAuthEnabled : persistent.FailedTries >= persistent.MaxTries)
        {
            throw TPM_RC_LOCKOUT.Error();
        }

        if (!forLockoutAuth && !_used)
        {
            _used = true;
            persistent.DaUsed = true;
            persistent.Touch();
            throw TPM_RC_RETRY.Error();
        }
    }

    /// <summary>Counts a failed authorization.</summary>
    public void RegisterFailure(bool ofLockoutAuth)
    {
        if (ofLockoutAuth)
        {
            persistent.LockoutAuthEnabled = false;
            _lockoutTimer = clock.Time;
        }
        else if (persistent.RecoveryTime != 0)
        {
            persistent.FailedTries++;
            _selfHealTimer = clock.Time;
        }

        persistent.Touch();
    }

    /// <summary>TPM2_DictionaryAttackLockReset, and part of TPM2_Clear.</summary>
    public void Reset()
    {
        persistent.FailedTries = 0;
        persistent.Touch();
    }

    private void Heal()
    {
        if (persistent.RecoveryTime != 0 && persistent.FailedTries != 0)
        {
            ulong healed = (clock.Time - _selfHealTimer) / 1000 / persistent.RecoveryTime;
            if (healed > 0)
            {
                persistent.FailedTries -= (uint)Math.Min(healed, persistent.FailedTries);
                _selfHealTimer += healed * persistent.RecoveryTime * 1000;
                persistent.Touch();
            }
        }

        if (!persistent.LockoutAuthEnabled && persistent.LockoutRecovery != 0
            && (clock.Time - _lockoutTimer) / 1000 >= persistent.LockoutRecovery)
        {
            persistent.LockoutAuthEnabled = true;
            persistent.Touch();
        }
    }
}
