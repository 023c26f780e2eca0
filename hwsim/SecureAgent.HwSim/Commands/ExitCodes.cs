namespace SecureAgent.HwSim.Commands;

/// <summary>How hwsim ends; the same numbers as secure-agent uses.</summary>
internal static class ExitCodes
{
    /// <summary>Done.</summary>
    public const int Done = 0;

    /// <summary>Refused or failed.</summary>
    public const int Failed = 1;

    /// <summary>The command line is wrong.</summary>
    public const int Usage = 64;
}
