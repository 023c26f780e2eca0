using System.Buffers.Binary;
using System.Text;

namespace SecureAgent.Channels.Relay;

/// <summary>The first bytes in each direction (docs/relay.md): 8 bytes by which a relay is known, and the version of the
/// protocol, uint32. Both sides speak the lower of the two versions; there is only 1.</summary>
internal static class RelayHello
{
    /// <summary>Size in bytes.</summary>
    public const int SizeBytes = 12;

    private const uint Version = 1;
    private const int ShownBytes = 100;

    // A stream that is not clean for every byte changes one of these: it drops the eighth bit, translates line ends
    // either way, or ends at a control character.
    private static ReadOnlySpan<byte> Magic => [0x89, (byte)'S', (byte)'A', (byte)'R', 0x0D, 0x0A, 0x1A, 0x0A];

    /// <summary>Writes ours.</summary>
    public static void Write(Span<byte> hello)
    {
        Magic.CopyTo(hello);
        BinaryPrimitives.WriteUInt32BigEndian(hello[Magic.Length..], Version);
    }

    /// <summary>Looks at what has arrived.</summary>
    /// <returns>Whether it is all there.</returns>
    /// <exception cref="RelayProtocolException">It is none.</exception>
    public static bool IsComplete(ReadOnlySpan<byte> received)
    {
        int compared = Math.Min(received.Length, Magic.Length);
        if (!received[..compared].SequenceEqual(Magic[..compared]))
        {
            throw new RelayProtocolException(IsTranslated(received)
                ? "its bytes are changed on the way, as line ends of text are"
                : $"it says \"{Shown(received)}\" instead of speaking the relay's protocol");
        }

        if (received.Length < SizeBytes)
        {
            return false;
        }

        return BinaryPrimitives.ReadUInt32BigEndian(received[Magic.Length..]) != 0
            ? true
            : throw new RelayProtocolException("it speaks version 0 of the relay's protocol, which does not exist");
    }

    private static bool IsTranslated(ReadOnlySpan<byte> received) =>
        received.Length > 4 && received[1..4].SequenceEqual(Magic[1..4]);

    private static string Shown(ReadOnlySpan<byte> received)
    {
        string text = Encoding.UTF8.GetString(received[..Math.Min(received.Length, ShownBytes)]);
        return text.Split('\n')[0].TrimEnd('\r');
    }
}
