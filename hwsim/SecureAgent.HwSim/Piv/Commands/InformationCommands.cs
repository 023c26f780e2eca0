using System.Buffers.Binary;

namespace SecureAgent.HwSim.Piv.Commands;

/// <summary>Yubico's GET VERSION, GET SERIAL and GET METADATA.</summary>
internal static class InformationCommands
{
    private const int AlgorithmTag = 0x01;
    private const int PoliciesTag = 0x02;
    private const int OriginTag = 0x03;
    private const int PublicKeyTag = 0x04;
    private const int DefaultTag = 0x05;
    private const int TriesTag = 0x06;
    private const byte Generated = 1;
    private const byte Imported = 2;
    private const byte ReferenceDataAlgorithm = 0xFF;

    /// <summary>The commands of this file.</summary>
    public static IEnumerable<KeyValuePair<byte, Func<PivApplet, ApduCommand, byte[]>>> All =>
    [
        new(0xFD, GetVersion), new(0xF8, GetSerial), new(0xF7, GetMetadata),
    ];

    private static byte[] GetVersion(PivApplet card, ApduCommand command) => card.State.Firmware.Bytes;

    private static byte[] GetSerial(PivApplet card, ApduCommand command)
    {
        byte[] serial = new byte[sizeof(uint)];
        BinaryPrimitives.WriteUInt32BigEndian(serial, card.State.Serial);
        return serial;
    }

    private static byte[] GetMetadata(PivApplet card, ApduCommand command)
    {
        CardError.Unless(command.P1 == 0, StatusWord.IncorrectParameters);
        return command.P2 switch
        {
            PivSlot.Pin => Of(card.State.Pin),
            PivSlot.Puk => Of(card.State.Puk),
            PivSlot.Management => Of(card.State.ManagementKey),
            byte slot => Of(card.KeyIn(slot)),
        };
    }

    private static byte[] Of(ReferenceData data) =>
    [
        .. Tlv.Write(AlgorithmTag, ReferenceDataAlgorithm), .. Tlv.Write(DefaultTag, Flag(data.IsDefault)),
        .. Tlv.Write(TriesTag, [data.TriesTotal, data.TriesLeft]),
    ];

    private static byte[] Of(ManagementKey key) =>
    [
        .. Tlv.Write(AlgorithmTag, (byte)key.Algorithm), .. Tlv.Write(PoliciesTag, [0, (byte)key.Touch]),
        .. Tlv.Write(DefaultTag, Flag(key.IsDefault)),
    ];

    private static byte[] Of(PivKey key) =>
    [
        .. Tlv.Write(AlgorithmTag, (byte)key.Algorithm),
        .. Tlv.Write(PoliciesTag, [(byte)key.PinPolicy, (byte)key.TouchPolicy]),
        .. Tlv.Write(OriginTag, key.IsGenerated ? Generated : Imported),
        .. Tlv.Write(PublicKeyTag, key.PublicTemplate),
    ];

    private static byte Flag(bool value) => value ? (byte)1 : (byte)0;
}
