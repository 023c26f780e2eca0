using SecureAgent.Core;

namespace SecureAgent.Cli;

/// <summary>The exit codes of <c>secure-agent</c> (design section 9; 64 and up as in sysexits.h).</summary>
internal static class ExitCode
{
    /// <summary>Done.</summary>
    public const int Done = 0;

    /// <summary>Refused or failed.</summary>
    public const int Failed = 1;

    /// <summary>No agent answers.</summary>
    public const int AgentUnreachable = 2;

    /// <summary>The command line is not understood.</summary>
    public const int Usage = 64;

    /// <summary>The device, or the key named, is not there.</summary>
    public const int DeviceAbsent = 69;

    /// <summary>The device is busy; trying again helps.</summary>
    public const int Busy = 75;

    /// <summary>PIN wrong, missing or locked out, or denied by policy.</summary>
    public const int PinDenied = 77;

    /// <summary>The configuration is invalid.</summary>
    public const int ConfigurationInvalid = 78;

    /// <summary>A shell could not find the command that <c>run</c> was to start.</summary>
    public const int CommandNotFound = 127;

    /// <summary>Interrupted by Ctrl-C.</summary>
    public const int Interrupted = 130;

    /// <summary>The exit code for a backend's refusal.</summary>
    public static int For(BackendFailure failure) => failure switch
    {
        BackendFailure.DeviceAbsent => DeviceAbsent,
        BackendFailure.Busy => Busy,
        BackendFailure.PinRequired or BackendFailure.LockedOut => PinDenied,
        _ => Failed,
    };
}
