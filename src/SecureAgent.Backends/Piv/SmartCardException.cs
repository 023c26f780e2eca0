namespace SecureAgent.Backends.Piv;

/// <summary>PC/SC did not do what it was asked. It is for the code that decides whether to try again; what a person
/// reads is made of it there.</summary>
#pragma warning disable CA1032 // Without a status it says nothing.
public sealed class SmartCardException : Exception
#pragma warning restore CA1032
{
    /// <summary>Creates the exception.</summary>
    /// <param name="call">The function of PC/SC, such as <c>SCardTransmit</c>.</param>
    /// <param name="status">What it returned; need not be a named value.</param>
    public SmartCardException(string call, SmartCardStatus status)
        : base($"{call}: {status} (0x{(uint)status:X8})") => Status = status;

    /// <summary>What the function returned.</summary>
    public SmartCardStatus Status { get; }

    /// <summary>Throws what <paramref name="call"/> failed with.</summary>
    internal static void ThrowUnlessSuccess(string call, SmartCardStatus status)
    {
        if (status != SmartCardStatus.Success)
        {
            throw new SmartCardException(call, status);
        }
    }
}
