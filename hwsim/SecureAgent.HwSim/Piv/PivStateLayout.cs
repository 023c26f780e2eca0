using System.Buffers.Binary;
using System.Security.Cryptography;

namespace SecureAgent.HwSim.Piv;

/// <summary>The content of the state file: one object after the other.</summary>
internal static class PivStateLayout
{
    private const int FirmwareTag = 0x01;
    private const int SerialTag = 0x02;
    private const int PinTag = 0x03;
    private const int PukTag = 0x04;
    private const int ManagementKeyTag = 0x05;
    private const int KeyTag = 0x06;
    private const int ObjectTag = 0x07;
    private const int RootTag = 0x08;

    /// <summary>Writes <paramref name="state"/>.</summary>
    public static byte[] Save(PivState state)
    {
        List<byte> content =
        [
            .. Tlv.Write(FirmwareTag, state.Firmware.Bytes),
            .. Tlv.Write(SerialTag, UInt32(state.Serial)),
            .. Tlv.Write(PinTag, [state.Pin.TriesTotal, state.Pin.TriesLeft], state.Pin.Value),
            .. Tlv.Write(PukTag, [state.Puk.TriesTotal, state.Puk.TriesLeft], state.Puk.Value),
            .. Tlv.Write(
                ManagementKeyTag,
                [(byte)state.ManagementKey.Algorithm, (byte)state.ManagementKey.Touch], state.ManagementKey.Value),
        ];
        foreach ((byte slot, PivKey key) in state.Keys)
        {
            byte generated = key.IsGenerated ? (byte)1 : (byte)0;
            content.AddRange(Tlv.Write(
                KeyTag,
                [slot, (byte)key.Algorithm, (byte)key.PinPolicy, (byte)key.TouchPolicy, generated], key.PrivateBytes));
        }

        foreach ((int tag, byte[] value) in state.Objects)
        {
            content.AddRange(Tlv.Write(ObjectTag, UInt32((uint)tag), value));
        }

        if (state.AttestationRoot is not null)
        {
            content.AddRange(Tlv.Write(RootTag, state.AttestationRoot));
        }

        return [.. content];
    }

    /// <summary>Reads what the card is.</summary>
    /// <exception cref="InvalidDataException">It does not parse.</exception>
    public static (Version Firmware, uint Serial) ReadIdentity(byte[] saved) => Parsed(() =>
    {
        List<(int Tag, byte[] Value)> objects = Tlv.Read(saved);
        byte[] firmware = objects.Get(FirmwareTag);
        return (new Version(firmware[0], firmware[1], firmware[2]),
            BinaryPrimitives.ReadUInt32BigEndian(objects.Get(SerialTag)));
    });

    /// <summary>Reads the rest of what <see cref="Save"/> wrote.</summary>
    /// <exception cref="InvalidDataException">It does not parse.</exception>
    public static void Restore(PivState state, byte[] saved) => Parsed(() =>
    {
        foreach ((int tag, byte[] value) in Tlv.Read(saved))
        {
            Restore(state, tag, value);
        }

        return true;
    });

    private static void Restore(PivState state, int tag, byte[] value)
    {
        switch (tag)
        {
            case PinTag:
                Restore(state.Pin, value);
                break;
            case PukTag:
                Restore(state.Puk, value);
                break;
            case ManagementKeyTag:
                state.ManagementKey.Set((PivAlgorithm)value[0], value[2..], (TouchPolicy)value[1]);
                break;
            case KeyTag:
                state.SetKey(value[0], PivKeyFactory.Restore(
                    (PivAlgorithm)value[1], value[5..], (PinPolicy)value[2], (TouchPolicy)value[3], value[4] != 0));
                break;
            case ObjectTag:
                state.Objects.Add((int)BinaryPrimitives.ReadUInt32BigEndian(value), value[4..]);
                break;
            case RootTag:
                state.AttestationRoot = value;
                break;
        }
    }

    private static void Restore(ReferenceData data, byte[] value) =>
        (data.TriesTotal, data.TriesLeft, data.Value) = (value[0], value[1], value[2..]);

    private static byte[] UInt32(uint value)
    {
        byte[] written = new byte[sizeof(uint)];
        BinaryPrimitives.WriteUInt32BigEndian(written, value);
        return written;
    }

    private static T Parsed<T>(Func<T> read)
    {
        try
        {
            return read();
        }
        catch (Exception e) when (e is CardError or ArgumentException or IndexOutOfRangeException
            or CryptographicException)
        {
            throw new InvalidDataException(
                "The state of the simulated PIV card has another layout: remove the file.", e);
        }
    }
}
