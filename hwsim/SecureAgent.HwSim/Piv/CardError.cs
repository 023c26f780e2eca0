namespace SecureAgent.HwSim.Piv;

/// <summary>Ends a command with a status word.</summary>
#pragma warning disable CA1032 // Without a status word it says nothing.
internal sealed class CardError(StatusWord status) : Exception(((ushort)status).ToString("X4"))
#pragma warning restore CA1032
{
    /// <summary>What the card answers.</summary>
    public StatusWord Status => status;

    /// <summary>Ends the command unless a condition holds.</summary>
    public static void Unless(bool condition, StatusWord status)
    {
        if (!condition)
        {
            throw new CardError(status);
        }
    }
}
