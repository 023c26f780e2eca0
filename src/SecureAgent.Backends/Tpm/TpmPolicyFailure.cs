using SecureAgent.Core;

namespace SecureAgent.Backends.Tpm;

/// <summary>Says which PCRs a key was bound to when the TPM refuses it for them.</summary>
internal static class TpmPolicyFailure
{
    /// <summary>Whether <paramref name="exception"/> means that the policy of <paramref name="key"/> is not
    /// met.</summary>
    public static bool Is(TpmException exception, TpmKeyEntry key) => key.Policy is not null
        && exception.Code is TpmResponseCode code
        && (code.Is(TPM_RC.POLICY_FAIL) || code.Is(TPM_RC.PCR_CHANGED));

    /// <summary>The error for a person.</summary>
    public static BackendException Explain(TpmException exception, TpmKeyEntry key) => new(BackendFailure.Refused,
        $"The TPM does not allow the key {key.Name} now: it is bound to the PCRs {key.Pcrs}, and their values are not "
        + "those of when it was made. Firmware, boot loader or kernel changed; boot as before, or make a new key.",
        exception);
}
