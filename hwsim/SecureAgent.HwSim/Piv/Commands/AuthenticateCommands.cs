namespace SecureAgent.HwSim.Piv.Commands;

/// <summary>GENERAL AUTHENTICATE with a key pair (SP 800-73-4 part 2, 3.2.4): signatures, decryption, key
/// agreement.</summary>
internal static class AuthenticateCommands
{
    /// <summary>The instruction byte of GENERAL AUTHENTICATE.</summary>
    public const byte Instruction = 0x87;

    private const int ChallengeTag = 0x81;
    private const int ExponentiationTag = 0x85;

    /// <summary>The commands of this file.</summary>
    public static IEnumerable<KeyValuePair<byte, Func<PivApplet, ApduCommand, byte[]>>> All =>
    [
        new(Instruction, GeneralAuthenticate),
    ];

    private static byte[] GeneralAuthenticate(PivApplet card, ApduCommand command)
    {
        List<(int Tag, byte[] Value)> template =
            Tlv.Read(Tlv.Read(command.Data).Get(ManagementKeyAuthentication.TemplateTag));
        if (command.P2 == PivSlot.Management)
        {
            return ManagementKeyAuthentication.Execute(card, command.P1, template);
        }

        CardError.Unless(command.P2 != PivSlot.Attestation, StatusWord.ReferenceDataNotFound);
        PivKey key = card.KeyIn(command.P2);
        CardError.Unless((byte)key.Algorithm == command.P1, StatusWord.WrongData);
        RequirePin(card, key.PinPolicy);
        card.Touch.Require(key.TouchPolicy);
        byte[] result = template.Find(ExponentiationTag) is byte[] peer
            ? key.Agree(peer)
            : key.Sign(template.Get(ChallengeTag));
        return Tlv.Write(
            ManagementKeyAuthentication.TemplateTag, Tlv.Write(ManagementKeyAuthentication.ResponseTag, result));
    }

    private static void RequirePin(PivApplet card, PinPolicy policy)
    {
        bool isSatisfied = policy switch
        {
            PinPolicy.Never => true,
            PinPolicy.Once => card.Session.PinVerified,
            _ => card.Session.PinFresh,
        };
        CardError.Unless(isSatisfied, StatusWord.SecurityStatusNotSatisfied);
        if (policy == PinPolicy.Always)
        {
            card.Session.PinFresh = false;
        }
    }
}
