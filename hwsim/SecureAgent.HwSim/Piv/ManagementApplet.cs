using System.Buffers.Binary;
using System.Text;

namespace SecureAgent.HwSim.Piv;

/// <summary>Yubico's management application: tells what the device is. Nothing can be configured.</summary>
internal sealed class ManagementApplet(PivState state) : ICardApplet
{
    /// <summary>Keychain with USB-A.</summary>
    public const byte FormFactor = 1;

    private const byte ReadConfig = 0x1D;
    private const int UsbSupportedTag = 0x01;
    private const int SerialTag = 0x02;
    private const int UsbEnabledTag = 0x03;
    private const int FormFactorTag = 0x04;
    private const int FirmwareTag = 0x05;
    private const int AutoEjectTag = 0x06;
    private const int ChallengeTimeoutTag = 0x07;
    private const int DeviceFlagsTag = 0x08;
    private const int LockedTag = 0x0A;

    private static readonly byte[] Aid = Convert.FromHexString("A000000527471117");

    // The capability PIV; this device has no other.
    private static readonly byte[] Capabilities = [0x00, 0x10];

    /// <inheritdoc/>
    public bool Matches(ReadOnlySpan<byte> aid) => aid.SequenceEqual(Aid);

    /// <inheritdoc/>
    public byte[] Select() => Encoding.ASCII.GetBytes($"Virtual mgr - FW version {state.Firmware.Version.ToString(3)}");

    /// <inheritdoc/>
    public void Deselect()
    {
    }

    /// <inheritdoc/>
    public byte[] Execute(ApduCommand command)
    {
        CardError.Unless(command.Ins == ReadConfig, StatusWord.InstructionNotSupported);
        byte[] serial = new byte[sizeof(uint)];
        BinaryPrimitives.WriteUInt32BigEndian(serial, state.Serial);
        byte[] info =
        [
            .. Tlv.Write(UsbSupportedTag, Capabilities), .. Tlv.Write(SerialTag, serial),
            .. Tlv.Write(UsbEnabledTag, Capabilities), .. Tlv.Write(FormFactorTag, FormFactor),
            .. Tlv.Write(FirmwareTag, state.Firmware.Bytes), .. Tlv.Write(AutoEjectTag, [0, 0]),
            .. Tlv.Write(ChallengeTimeoutTag, 0), .. Tlv.Write(DeviceFlagsTag, 0), .. Tlv.Write(LockedTag, 0),
        ];
        return [(byte)info.Length, .. info];
    }
}
