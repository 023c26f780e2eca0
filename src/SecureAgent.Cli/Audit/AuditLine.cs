using System.Buffers;
using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;

namespace SecureAgent.Cli.Audit;

/// <summary>One intact line of an audit log, as far as the chain goes (docs/audit.md): it begins with its number, ends
/// with the hash of the line before it and its own, and its own is right.</summary>
/// <param name="Sequence">Its number.</param>
/// <param name="Previous">Hash of the record before it.</param>
/// <param name="Hash">Its own.</param>
internal readonly record struct AuditLine(long Sequence, string Previous, string Hash)
{
    private static readonly SearchValues<byte> LowerHex = SearchValues.Create("0123456789abcdef"u8);

    private static ReadOnlySpan<byte> SequenceLabel => "{\"seq\":"u8;

    private static ReadOnlySpan<byte> PreviousLabel => ",\"prev\":\""u8;

    private static ReadOnlySpan<byte> HashLabel => ",\"hash\":\""u8;

    private static ReadOnlySpan<byte> End => "\"}"u8;

    /// <summary>How many bytes at the end of a line, without line end, its own hash with its frame takes.</summary>
    public static int HashPartBytes => HashLabel.Length + AuditHead.HashDigits + End.Length;

    /// <summary>Reads a line without its line end.</summary>
    /// <returns>False if it is no record, or not as it was written.</returns>
    public static bool TryRead(ReadOnlySpan<byte> line, out AuditLine read)
    {
        read = default;
        int previousPart = PreviousLabel.Length + AuditHead.HashDigits + 1;
        if (line.Length < SequenceLabel.Length + previousPart + HashPartBytes
            || line.ContainsAnyExceptInRange((byte)' ', (byte)'~'))
        {
            return false;
        }

        ReadOnlySpan<byte> covered = line[..^HashPartBytes];
        ReadOnlySpan<byte> hashPart = line[covered.Length..];
        ReadOnlySpan<byte> hash = hashPart.Slice(HashLabel.Length, AuditHead.HashDigits);
        ReadOnlySpan<byte> beforeQuote = covered[^previousPart..];
        ReadOnlySpan<byte> previous = beforeQuote.Slice(PreviousLabel.Length, AuditHead.HashDigits);
        if (!covered.StartsWith(SequenceLabel)
            || !Utf8Parser.TryParse(covered[SequenceLabel.Length..], out long sequence, out int digits)
            || !covered[(SequenceLabel.Length + digits)..].StartsWith((byte)',')
            || !beforeQuote.StartsWith(PreviousLabel)
            || beforeQuote[^1] != (byte)'"'
            || !hashPart.StartsWith(HashLabel)
            || !hashPart.EndsWith(End)
            || hash.ContainsAnyExcept(LowerHex)
            || previous.ContainsAnyExcept(LowerHex))
        {
            return false;
        }

        string right = Convert.ToHexStringLower(SHA256.HashData(covered));
        if (!Encoding.ASCII.GetString(hash).Equals(right, StringComparison.Ordinal))
        {
            return false;
        }

        read = new AuditLine(sequence, Encoding.ASCII.GetString(previous), right);
        return true;
    }
}
