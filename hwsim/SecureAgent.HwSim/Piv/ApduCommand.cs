using System.Buffers.Binary;

namespace SecureAgent.HwSim.Piv;

/// <summary>A command APDU (ISO/IEC 7816-4, 5.1).</summary>
/// <param name="Cla">Class byte.</param>
/// <param name="Ins">Instruction byte.</param>
/// <param name="P1">First parameter.</param>
/// <param name="P2">Second parameter.</param>
/// <param name="Data">The command data field.</param>
/// <param name="IsExtended">Lengths are extended: the response may be longer than 256 bytes.</param>
internal sealed record ApduCommand(byte Cla, byte Ins, byte P1, byte P2, byte[] Data, bool IsExtended)
{
    private const int HeaderBytes = 4;
    private const int ExtendedLcBytes = 3;

    /// <summary>Reads an APDU. Le is not looked at: the card answers what it has, as a YubiKey does.</summary>
    /// <returns><see langword="null"/> if the lengths do not fit.</returns>
    public static ApduCommand? Parse(ReadOnlySpan<byte> apdu)
    {
        if (apdu.Length < HeaderBytes)
        {
            return null;
        }

        ReadOnlySpan<byte> body = apdu[HeaderBytes..];
        bool extended = body.Length >= ExtendedLcBytes && body[0] == 0;
        if (body.Length <= 1 || (extended && body.Length == ExtendedLcBytes))
        {
            return With(apdu, [], extended); // no data; at most Le
        }

        int length = extended ? BinaryPrimitives.ReadUInt16BigEndian(body[1..]) : body[0];
        ReadOnlySpan<byte> rest = body[(extended ? ExtendedLcBytes : 1)..];
        int le = extended ? 2 : 1;
        return rest.Length == length || rest.Length == length + le ? With(apdu, rest[..length], extended) : null;
    }

    private static ApduCommand With(ReadOnlySpan<byte> apdu, ReadOnlySpan<byte> data, bool extended) =>
        new(apdu[0], apdu[1], apdu[2], apdu[3], data.ToArray(), extended);
}
