using System.Security.Cryptography;

namespace SecureAgent.HwSim.Piv;

/// <summary>The PIN or the PUK with its retry counter.</summary>
internal sealed class ReferenceData(string initial)
{
    /// <summary>Bytes of a value, padded with FF.</summary>
    public const int Size = 8;

    private const int MinimumSize = 6;
    private const byte Padding = 0xFF;
    private const byte DefaultTries = 3;

    /// <summary>The padded value.</summary>
    public byte[] Value { get; set; } = Pad(initial);

    /// <summary>What the counter starts from.</summary>
    public byte TriesTotal { get; set; } = DefaultTries;

    /// <summary>The counter; 0 is blocked.</summary>
    public byte TriesLeft { get; set; } = DefaultTries;

    /// <summary>No tries are left.</summary>
    public bool IsBlocked => TriesLeft == 0;

    /// <summary>It was not changed since it was made.</summary>
    public bool IsDefault => Value.AsSpan().SequenceEqual(Pad(initial));

    /// <summary>63Cx.</summary>
    public StatusWord TriesStatus => StatusWord.VerificationFailed + Math.Min(TriesLeft, (byte)0xF);

    /// <summary>Compares and counts.</summary>
    /// <exception cref="CardError">63Cx: another value; 6983: blocked.</exception>
    public void Verify(ReadOnlySpan<byte> value)
    {
        CardError.Unless(!IsBlocked, StatusWord.AuthenticationBlocked);
        if (!CryptographicOperations.FixedTimeEquals(value, Value))
        {
            TriesLeft--;
            throw new CardError(TriesStatus);
        }

        TriesLeft = TriesTotal;
    }

    /// <summary>Sets a new value and fills the counter.</summary>
    /// <exception cref="CardError">6A80: not 6 to 8 bytes with padding after them.</exception>
    public void Change(ReadOnlySpan<byte> value)
    {
        int length = value.TrimEnd(Padding).Length;
        CardError.Unless(length >= MinimumSize && !value[..length].Contains(Padding), StatusWord.WrongData);
        Value = value.ToArray();
        TriesLeft = TriesTotal;
    }

    /// <summary>The first value again, with this many tries.</summary>
    public void Reset(byte tries = DefaultTries)
    {
        Value = Pad(initial);
        TriesTotal = tries;
        TriesLeft = tries;
    }

    private static byte[] Pad(string text)
    {
        byte[] padded = new byte[Size];
        padded.AsSpan().Fill(Padding);
        System.Text.Encoding.ASCII.GetBytes(text, padded);
        return padded;
    }
}
