namespace SecureAgent.HwSim.Piv.Commands;

/// <summary>Yubico's SET MANAGEMENT KEY, SET PIN RETRIES and RESET.</summary>
internal static class AdministrationCommands
{
    private const byte NoTouch = 0xFF;
    private const byte TouchAlways = 0xFE;
    private const byte TouchCached = 0xFD;
    private const int KeyHeaderBytes = 3;

    /// <summary>The commands of this file.</summary>
    public static IEnumerable<KeyValuePair<byte, Func<PivApplet, ApduCommand, byte[]>>> All =>
    [
        new(0xFF, SetManagementKey), new(0xFA, SetPinRetries), new(0xFB, Reset),
    ];

    private static byte[] SetManagementKey(PivApplet card, ApduCommand command)
    {
        card.RequireManagement();
        TouchPolicy touch = command switch
        {
            { P1: 0xFF, P2: NoTouch } => TouchPolicy.Never,
            { P1: 0xFF, P2: TouchAlways } => TouchPolicy.Always,
            { P1: 0xFF, P2: TouchCached } => TouchPolicy.Cached,
            _ => throw new CardError(StatusWord.IncorrectParameters),
        };
        CardError.Unless(
            command.Data is [byte algorithm, PivSlot.Management, byte length, ..]
                && length == ManagementKey.SizeOf((PivAlgorithm)algorithm) && length != 0
                && command.Data.Length == KeyHeaderBytes + length,
            StatusWord.WrongData);
        card.State.ManagementKey.Set((PivAlgorithm)command.Data[0], command.Data[KeyHeaderBytes..], touch);
        return [];
    }

    private static byte[] SetPinRetries(PivApplet card, ApduCommand command)
    {
        card.RequireManagement();
        CardError.Unless(card.Session.PinVerified, StatusWord.SecurityStatusNotSatisfied);
        CardError.Unless(command.P1 != 0 && command.P2 != 0, StatusWord.WrongData);
        card.State.Pin.Reset(command.P1);
        card.State.Puk.Reset(command.P2);
        return [];
    }

    private static byte[] Reset(PivApplet card, ApduCommand command)
    {
        CardError.Unless(command is { P1: 0, P2: 0 }, StatusWord.IncorrectParameters);
        CardError.Unless(card.State.Pin.IsBlocked && card.State.Puk.IsBlocked, StatusWord.ConditionsNotSatisfied);
        card.State.Reset();
        card.Session.Reset();
        return [];
    }
}
