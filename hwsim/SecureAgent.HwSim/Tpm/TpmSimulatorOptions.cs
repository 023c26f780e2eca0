namespace SecureAgent.HwSim.Tpm;

/// <summary>How a <see cref="TpmSimulator"/> starts.</summary>
public sealed record TpmSimulatorOptions
{
    /// <summary>Where non-volatile state lives; <see langword="null"/> keeps it in memory for the life of the object.
    /// Written atomically after every command that changes it.</summary>
    public string? StateFile { get; init; }

    /// <summary>Power-on also runs TPM2_Startup(TPM_SU_CLEAR), as swtpm's <c>--flags startup-clear</c>.</summary>
    public bool StartupClear { get; init; }

    /// <summary>Drives TPM2_ReadClock and the recovery from lockout.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;
}
