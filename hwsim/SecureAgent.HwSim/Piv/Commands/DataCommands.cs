using System.Buffers.Binary;

namespace SecureAgent.HwSim.Piv.Commands;

/// <summary>GET DATA and PUT DATA (SP 800-73-4 part 2, 3.1.2 and 3.3.1).</summary>
internal static class DataCommands
{
    private const byte P1 = 0x3F;
    private const byte P2 = 0xFF;
    private const int TagListTag = 0x5C;
    private const int DataTag = 0x53;

    /// <summary>The commands of this file.</summary>
    public static IEnumerable<KeyValuePair<byte, Func<PivApplet, ApduCommand, byte[]>>> All =>
    [
        new(0xCB, GetData), new(0xDB, PutData),
    ];

    private static byte[] GetData(PivApplet card, ApduCommand command)
    {
        int tag = TagOf(ReadData(command).Get(TagListTag));
        if (tag == PivObjects.Discovery)
        {
            return PivObjects.DiscoveryObject;
        }

        CardError.Unless(
            card.Session.PinVerified || !PivObjects.NeedsPin(tag), StatusWord.SecurityStatusNotSatisfied);
        if (tag == PivObjects.AttestationCertificate)
        {
            PivAttestation.Prepare(card.State);
        }

        return card.State.Objects.TryGetValue(tag, out byte[]? value)
            ? Tlv.Write(DataTag, value)
            : throw new CardError(StatusWord.FileNotFound);
    }

    private static byte[] PutData(PivApplet card, ApduCommand command)
    {
        card.RequireManagement();
        List<(int Tag, byte[] Value)> data = ReadData(command);
        int tag = TagOf(data.Get(TagListTag));
        byte[] value = data.Get(DataTag);
        CardError.Unless(PivObjects.IsWritable(tag), StatusWord.FileNotFound);
        CardError.Unless(Tlv.Write(DataTag, value).Length <= PivObjects.MaxSize, StatusWord.NotEnoughMemory);
        if (tag == PivObjects.AttestationCertificate)
        {
            PivAttestation.Prepare(card.State); // which would write over it later
        }

        if (value.Length == 0)
        {
            card.State.Objects.Remove(tag);
        }
        else
        {
            card.State.Objects[tag] = value;
        }

        return [];
    }

    private static List<(int Tag, byte[] Value)> ReadData(ApduCommand command)
    {
        CardError.Unless(command is { P1: P1, P2: P2 }, StatusWord.IncorrectParameters);
        return Tlv.Read(command.Data);
    }

    private static int TagOf(byte[] bytes)
    {
        CardError.Unless(bytes.Length is > 0 and <= 3, StatusWord.WrongData);
        Span<byte> padded = stackalloc byte[sizeof(int)];
        padded.Clear();
        bytes.CopyTo(padded[(sizeof(int) - bytes.Length)..]);
        return BinaryPrimitives.ReadInt32BigEndian(padded);
    }
}
