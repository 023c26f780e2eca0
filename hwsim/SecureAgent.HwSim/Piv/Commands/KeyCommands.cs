namespace SecureAgent.HwSim.Piv.Commands;

/// <summary>GENERATE ASYMMETRIC KEY PAIR (SP 800-73-4 part 2, 3.3.2), and Yubico's IMPORT, MOVE and ATTEST.</summary>
internal static class KeyCommands
{
    private const int TemplateTag = 0xAC;
    private const int AlgorithmTag = 0x80;
    private const int PinPolicyTag = 0xAA;
    private const int TouchPolicyTag = 0xAB;
    private const int PublicKeyTag = 0x7F49;
    private const byte Delete = 0xFF;

    /// <summary>The commands of this file.</summary>
    public static IEnumerable<KeyValuePair<byte, Func<PivApplet, ApduCommand, byte[]>>> All =>
    [
        new(0x47, Generate), new(0xFE, Import), new(0xF6, Move), new(0xF9, Attest),
    ];

    private static byte[] Generate(PivApplet card, ApduCommand command)
    {
        card.RequireManagement();
        CardError.Unless(command.P1 == 0 && PivSlot.HoldsKeyPair(command.P2), StatusWord.IncorrectParameters);
        List<(int Tag, byte[] Value)> template = Tlv.Read(Tlv.Read(command.Data).Get(TemplateTag));
        PivAlgorithm algorithm = Supported(card, template.GetByte(AlgorithmTag, absent: 0));
        (PinPolicy pin, TouchPolicy touch) = PoliciesOf(template, command.P2);
        PivKey key = PivKeyFactory.Generate(algorithm, pin, touch);
        Store(card, command.P2, key);
        return Tlv.Write(PublicKeyTag, key.PublicTemplate);
    }

    private static byte[] Import(PivApplet card, ApduCommand command)
    {
        card.RequireManagement();
        CardError.Unless(PivSlot.HoldsKeyPair(command.P2), StatusWord.IncorrectParameters);
        PivAlgorithm algorithm = Supported(card, command.P1);
        List<(int Tag, byte[] Value)> data = Tlv.Read(command.Data);
        (PinPolicy pin, TouchPolicy touch) = PoliciesOf(data, command.P2);
        Store(card, command.P2, PivKeyFactory.Import(algorithm, data, pin, touch));
        return [];
    }

    private static byte[] Move(PivApplet card, ApduCommand command)
    {
        CardError.Unless(card.State.Firmware.IsAtLeast57, StatusWord.InstructionNotSupported);
        card.RequireManagement();
        bool isMove = PivSlot.HoldsKeyPair(command.P1) && command.P1 != PivSlot.Attestation
            && command.P2 != PivSlot.Attestation;
        CardError.Unless(isMove || command.P1 == Delete, StatusWord.IncorrectParameters);
        PivKey key = card.KeyIn(command.P2);
        if (command.P1 == Delete)
        {
            card.State.RemoveKey(command.P2);
            return [];
        }

        CardError.Unless(!card.State.Keys.ContainsKey(command.P1), StatusWord.WrongData);
        card.State.Keys.Remove(command.P2);
        card.State.SetKey(command.P1, key);
        return [];
    }

    private static byte[] Attest(PivApplet card, ApduCommand command)
    {
        CardError.Unless(command.P2 == 0, StatusWord.IncorrectParameters);
        return PivAttestation.Attest(card.State, command.P1, card.KeyIn(command.P1));
    }

    private static PivAlgorithm Supported(PivApplet card, byte algorithm)
    {
        CardError.Unless(card.State.Firmware.Supports((PivAlgorithm)algorithm), StatusWord.WrongData);
        return (PivAlgorithm)algorithm;
    }

    private static (PinPolicy Pin, TouchPolicy Touch) PoliciesOf(List<(int Tag, byte[] Value)> data, byte slot)
    {
        PinPolicy pin = (PinPolicy)data.GetByte(PinPolicyTag, (byte)PinPolicy.Default);
        TouchPolicy touch = (TouchPolicy)data.GetByte(TouchPolicyTag, (byte)TouchPolicy.Default);
        CardError.Unless(pin <= PinPolicy.Always && touch <= TouchPolicy.Cached, StatusWord.WrongData);
        return (pin == PinPolicy.Default ? PivSlot.DefaultPinPolicy(slot) : pin,
            touch == TouchPolicy.Default ? TouchPolicy.Never : touch);
    }

    private static void Store(PivApplet card, byte slot, PivKey key)
    {
        if (slot == PivSlot.Attestation)
        {
            PivAttestation.Prepare(card.State); // which would write over it later
        }

        card.State.SetKey(slot, key);
    }
}
