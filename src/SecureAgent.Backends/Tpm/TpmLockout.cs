using SecureAgent.Core;

namespace SecureAgent.Backends.Tpm;

/// <summary>What refusals mean to a person, and for how long the TPM is left in peace after wrong PINs.</summary>
internal sealed class TpmLockout
{
    private readonly TimeProvider _clock;
    private DateTimeOffset? _until;

    /// <summary>Starts without a lockout.</summary>
    public TpmLockout(TimeProvider clock) => _clock = clock;

    /// <summary>Refuses without a command while the TPM is known to refuse.</summary>
    /// <exception cref="TpmException"><see cref="BackendFailure.LockedOut"/>.</exception>
    public void ThrowIfLocked(TpmPublic key)
    {
        if (_until is not { } until || !key.IsDictionaryAttackProtected)
        {
            return;
        }

        TimeSpan left = until - _clock.GetUtcNow();
        if (left > TimeSpan.Zero)
        {
            throw Locked(new TpmResponseCode((uint)TPM_RC.LOCKOUT), left);
        }

        _until = null;
    }

    // TPM_PT_PERMANENT 0x200 (bit 9: inLockout), TPM_PT_LOCKOUT_COUNTER 0x20E, TPM_PT_MAX_AUTH_FAIL 0x20F,
    // TPM_PT_LOCKOUT_INTERVAL 0x210, TPM_PT_LOCKOUT_RECOVERY 0x211 (Part 2, table 27).

    /// <summary>Asks the TPM, and remembers or forgets a lockout accordingly.</summary>
    public TpmDictionaryAttackState Read(TpmCommands commands)
    {
        Dictionary<uint, uint> properties = commands.GetProperties(0x200, 0x12);
        TpmDictionaryAttackState state = new(
            (properties.GetValueOrDefault(0x200u) & (1 << 9)) != 0,
            (int)Math.Min(properties.GetValueOrDefault(0x20Eu), int.MaxValue),
            (int)Math.Min(properties.GetValueOrDefault(0x20Fu), int.MaxValue),
            TimeSpan.FromSeconds(properties.GetValueOrDefault(0x210u)),
            TimeSpan.FromSeconds(properties.GetValueOrDefault(0x211u)));
        _until = state.InLockout ? _clock.GetUtcNow() + state.LockoutInterval : null;
        return state;
    }

    /// <summary>The exception that says what a refusal means.</summary>
    /// <param name="refusal">The refusal.</param>
    /// <param name="code">Its code.</param>
    /// <param name="subject">Whose authorisation the refused command needed.</param>
    /// <param name="key">The key, if one was used.</param>
    /// <param name="commands">To ask for the tries left.</param>
    public TpmException Explain(
        TpmException refusal, TpmResponseCode code, TpmAuthSubject subject, TpmPublic? key, TpmCommands commands) =>
        code.Code switch
        {
            TPM_RC.LOCKOUT => Locked(code, ReadOrNull(commands)?.LockoutInterval),
            TPM_RC.AUTH_FAIL or TPM_RC.BAD_AUTH when subject == TpmAuthSubject.Key => WrongPin(code, key, commands),
            TPM_RC.AUTH_FAIL or TPM_RC.BAD_AUTH => new TpmException(
                BackendFailure.PinRequired,
                "The TPM's hierarchy or storage key above the key has a password, and it was missing or wrong "
                + $"({code}).",
                code)
            {
                Subject = TpmAuthSubject.Parent,
            },
            TPM_RC.POLICY_FAIL => new TpmException(
                BackendFailure.Refused,
                "The TPM refused the key because its PCRs have other values than when the key was made: the "
                + $"firmware, boot loader or their configuration changed ({code}).",
                code),
            TPM_RC.INTEGRITY => new TpmException(
                BackendFailure.Refused,
                $"The key file does not belong to this TPM, or the TPM was cleared since it was made ({code}).",
                code),
            TPM_RC.HANDLE when subject == TpmAuthSubject.Parent => new TpmException(
                BackendFailure.Refused,
                $"The TPM has no storage key at the persistent handle the key file names ({code}).", code),
            TPM_RC.OBJECT_MEMORY or TPM_RC.OBJECT_HANDLES or TPM_RC.MEMORY => new TpmException(
                BackendFailure.Busy, $"The TPM's slots are used by another program ({code}); close it, or flush them "
                + "(tpm2_flushcontext -t), and try again.", code),
            TPM_RC.SESSION_MEMORY or TPM_RC.SESSION_HANDLES => new TpmException(
                BackendFailure.Busy, $"The TPM's sessions are used by another program ({code}); close it, or flush "
                + "them (tpm2_flushcontext -l), and try again.", code),
            _ => refusal,
        };

    private TpmException WrongPin(TpmResponseCode code, TpmPublic? key, TpmCommands commands)
    {
        if (key is null || !key.IsDictionaryAttackProtected)
        {
            return new TpmException(BackendFailure.PinRequired, $"The key's PIN is missing or wrong ({code}).", code)
            {
                Subject = TpmAuthSubject.Key,
            };
        }

        TpmDictionaryAttackState? state = ReadOrNull(commands);
        string left = state is null ? "" : state.TriesLeft switch
        {
            0 => "; the TPM is locked out now",
            1 => "; 1 try is left before the TPM locks out",
            int tries => $"; {tries} tries are left before the TPM locks out",
        };
        return new TpmException(BackendFailure.PinRequired, $"The key's PIN is missing or wrong{left} ({code}).", code)
        {
            Subject = TpmAuthSubject.Key,
            TriesLeft = state?.TriesLeft,
            RetryAfter = state is { InLockout: true } ? state.LockoutInterval : null,
        };
    }

    private TpmDictionaryAttackState? ReadOrNull(TpmCommands commands)
    {
        try
        {
            return Read(commands);
        }
        catch (BackendException)
        {
            return null;
        }
    }

    private static TpmException Locked(TpmResponseCode code, TimeSpan? retryAfter)
    {
        string when = retryAfter is { } time && time > TimeSpan.Zero
            ? $"It takes one again in {Words(time)} at the latest; tpm2_dictionarylockout --clear-lockout ends this "
                + "at once."
            : "tpm2_dictionarylockout --clear-lockout ends this.";
        return new TpmException(
            BackendFailure.LockedOut,
            $"The TPM is locked out after wrong PINs and takes none for now ({code}). {when}", code)
        {
            Subject = TpmAuthSubject.Key,
            TriesLeft = 0,
            RetryAfter = retryAfter,
        };
    }

    private static string Words(TimeSpan time) =>
        time < TimeSpan.FromMinutes(2) ? $"{Math.Ceiling(time.TotalSeconds):0} seconds"
        : time < TimeSpan.FromHours(2) ? $"{Math.Ceiling(time.TotalMinutes):0} minutes"
        : $"{Math.Ceiling(time.TotalHours):0} hours";
}
