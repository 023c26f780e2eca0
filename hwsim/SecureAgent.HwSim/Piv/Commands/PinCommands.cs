namespace SecureAgent.HwSim.Piv.Commands;

/// <summary>VERIFY, CHANGE REFERENCE DATA, RESET RETRY COUNTER (SP 800-73-4 part 2, 3.2.1 to 3.2.3).</summary>
internal static class PinCommands
{
    private const byte LogOut = 0xFF;

    /// <summary>The commands of this file.</summary>
    public static IEnumerable<KeyValuePair<byte, Func<PivApplet, ApduCommand, byte[]>>> All =>
    [
        new(0x20, Verify), new(0x24, ChangeReferenceData), new(0x2C, ResetRetryCounter),
    ];

    private static byte[] Verify(PivApplet card, ApduCommand command)
    {
        CardError.Unless(command.P2 == PivSlot.Pin, StatusWord.ReferenceDataNotFound);
        ReferenceData pin = card.State.Pin;
        switch (command.P1, command.Data.Length)
        {
            case (LogOut, 0):
                card.Session.SetPin(false);
                return [];
            case (0, 0):
                CardError.Unless(
                    card.Session.PinVerified, pin.IsBlocked ? StatusWord.AuthenticationBlocked : pin.TriesStatus);
                return [];
            case (0, ReferenceData.Size):
                card.Session.SetPin(false);
                pin.Verify(command.Data);
                card.Session.SetPin(true);
                return [];
            case (0, _):
                throw new CardError(StatusWord.WrongData);
            default:
                throw new CardError(StatusWord.IncorrectParameters);
        }
    }

    private static byte[] ChangeReferenceData(PivApplet card, ApduCommand command)
    {
        ReferenceData data = command.P2 switch
        {
            PivSlot.Pin => card.State.Pin,
            PivSlot.Puk => card.State.Puk,
            _ => throw new CardError(StatusWord.ReferenceDataNotFound),
        };
        Replace(command, data, data);
        return [];
    }

    private static byte[] ResetRetryCounter(PivApplet card, ApduCommand command)
    {
        CardError.Unless(command.P2 == PivSlot.Pin, StatusWord.ReferenceDataNotFound);
        Replace(command, card.State.Puk, card.State.Pin);
        return [];
    }

    // The value that is known is compared first: ykman blocks the PUK with new values that are none.
    private static void Replace(ApduCommand command, ReferenceData known, ReferenceData replaced)
    {
        CardError.Unless(command.P1 == 0, StatusWord.IncorrectParameters);
        CardError.Unless(command.Data.Length == 2 * ReferenceData.Size, StatusWord.WrongData);
        known.Verify(command.Data.AsSpan(0, ReferenceData.Size));
        replaced.Change(command.Data.AsSpan(ReferenceData.Size));
    }
}
