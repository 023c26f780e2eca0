using System.Security.Cryptography;
using Microsoft.Win32.SafeHandles;

namespace SecureAgent.Cli.Audit;

/// <summary>How a file of an audit log ends.</summary>
/// <param name="Head">Its last complete line; <see langword="null"/> if there is none or it is not as it was
/// written.</param>
/// <param name="Torn">What follows that line: a record whose writing was cut short. Empty as a rule.</param>
internal sealed record AuditTail(AuditHead? Head, ReadOnlyMemory<byte> Torn)
{
    private const int FirstBytes = 4096;

    /// <summary>SHA-256 of <see cref="Torn"/>.</summary>
    public byte[] TornSha256 => SHA256.HashData(Torn.Span);

    /// <summary>Reads it.</summary>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static AuditTail Read(SafeFileHandle file)
    {
        long length = RandomAccess.GetLength(file);
        for (long wanted = FirstBytes; ; wanted *= 4)
        {
            byte[] end = new byte[Math.Min(wanted, length)];
            int read = ReadAt(file, end, length - end.Length);
            bool whole = end.Length == length;
            ReadOnlyMemory<byte> bytes = end.AsMemory(0, read);
            int lineEnd = bytes.Span.LastIndexOf((byte)'\n');
            int lineStart = lineEnd < 0 ? -1 : bytes.Span[..lineEnd].LastIndexOf((byte)'\n');
            if (lineStart >= 0 || whole)
            {
                AuditHead? head =
                    lineEnd >= 0 && AuditLine.TryRead(bytes.Span[(lineStart + 1)..lineEnd], out AuditLine line)
                        ? new AuditHead(line.Sequence, line.Hash)
                        : null;
                return new AuditTail(head, bytes[(lineEnd + 1)..]);
            }
        }
    }

    /// <summary>Whether the file ends with the record <paramref name="head"/>; much cheaper than to read it.</summary>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static bool Is(SafeFileHandle file, AuditHead head)
    {
        Span<byte> end = stackalloc byte[AuditLine.HashPartBytes + 1];
        long length = RandomAccess.GetLength(file);
        Span<byte> expected = stackalloc byte[AuditHead.HashDigits + 3];
        System.Text.Encoding.ASCII.GetBytes(head.Hash, expected);
        "\"}\n"u8.CopyTo(expected[AuditHead.HashDigits..]);
        return length >= end.Length
            && ReadAt(file, end, length - end.Length) == end.Length
            && end.EndsWith(expected);
    }

    private static int ReadAt(SafeFileHandle file, Span<byte> buffer, long offset)
    {
        int total = 0;
        while (total < buffer.Length)
        {
            int read = RandomAccess.Read(file, buffer[total..], offset + total);
            if (read == 0)
            {
                break;
            }

            total += read;
        }

        return total;
    }
}
