namespace SecureAgent.Core;

/// <summary>The kinds of failure that callers act on differently (exit codes: design section 9).</summary>
public enum BackendFailure
{
    /// <summary>Refused or failed; exit code 1.</summary>
    Refused,

    /// <summary>The device or key file is not there; exit code 69.</summary>
    DeviceAbsent,

    /// <summary>Busy for now, trying again helps; exit code 75.</summary>
    Busy,

    /// <summary>The PIN was wrong, is missing, or was not asked for because nobody can be asked; exit code
    /// 77.</summary>
    PinRequired,

    /// <summary>The device is locked out after wrong PINs; exit code 77.</summary>
    LockedOut,
}
