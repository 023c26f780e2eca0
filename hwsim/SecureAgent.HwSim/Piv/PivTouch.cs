namespace SecureAgent.HwSim.Piv;

/// <summary>Who touches a simulated card that waits for a touch.</summary>
public enum PivTouch
{
    /// <summary>It is touched at once.</summary>
    Always,

    /// <summary>Nobody touches it: commands that need a touch fail when the time is up.</summary>
    Never,

    /// <summary><see cref="PivCard.Touch"/> touches it.</summary>
    AfterControl,
}
