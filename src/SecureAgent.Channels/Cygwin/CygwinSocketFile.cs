using System.Buffers.Binary;
using System.Buffers.Text;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace SecureAgent.Channels.Cygwin;

/// <summary>What stands in the file that Cygwin, MSYS2 and Git for Windows take for a Unix socket:
/// <c>!&lt;socket &gt;PORT s WORD-WORD-WORD-WORD</c> and a zero byte. The port is that of a TCP listener on 127.0.0.1;
/// each word is a uint32 in hexadecimal, and the four are the secret that its clients have to show.</summary>
/// <remarks>Cygwin's fhandler/socket_local.cc. Sockets for datagrams (<c>d</c>) have the same form, and GnuPG's own
/// form is another; neither is read.</remarks>
public sealed class CygwinSocketFile
{
    /// <summary>Size of the secret on the wire, in bytes: four words, each little-endian.</summary>
    public const int SecretSizeBytes = 16;

    /// <summary>As much as Cygwin reads of a file, in bytes.</summary>
    public const int MaxSizeBytes = 128;

    private const int WordDigits = 8;

    private readonly byte[] _secret;

    private CygwinSocketFile(int port, byte[] secret) => (Port, _secret) = (port, secret);

    /// <summary>The TCP port on 127.0.0.1, 1 to 65535.</summary>
    public int Port { get; }

    /// <summary>The secret as it crosses the wire, 16 bytes.</summary>
    public ReadOnlyMemory<byte> Secret => _secret;

    private static ReadOnlySpan<byte> Cookie => "!<socket >"u8;

    /// <summary>Makes one with a new secret.</summary>
    /// <param name="port">The TCP port on 127.0.0.1.</param>
    public static CygwinSocketFile Create(int port) => new(port, RandomNumberGenerator.GetBytes(SecretSizeBytes));

    /// <summary>Reads the content of a file.</summary>
    /// <param name="content">All of it; bytes behind the first zero, or the first 128, do not matter.</param>
    /// <returns><see langword="null"/> if it is anything but a stream socket.</returns>
    public static CygwinSocketFile? TryParse(ReadOnlySpan<byte> content)
    {
        ReadOnlySpan<byte> rest = content[..Math.Min(content.Length, MaxSizeBytes)];
        int end = rest.IndexOf((byte)0);
        rest = end < 0 ? rest : rest[..end];
        if (!TrySkip(ref rest, Cookie)
            || rest is not [>= (byte)'0' and <= (byte)'9', ..]
            || !Utf8Parser.TryParse(rest, out ushort port, out int digits)
            || port == 0)
        {
            return null;
        }

        rest = rest[digits..];
        byte[] secret = new byte[SecretSizeBytes];
        ReadOnlySpan<byte> separator = " s "u8;
        for (int offset = 0; offset < SecretSizeBytes; offset += sizeof(uint))
        {
            if (!TrySkip(ref rest, separator)
                || rest.Length < WordDigits
                || !uint.TryParse(
                    rest[..WordDigits], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out uint word))
            {
                return null;
            }

            BinaryPrimitives.WriteUInt32LittleEndian(secret.AsSpan(offset), word);
            rest = rest[WordDigits..];
            separator = "-"u8;
        }

        return rest.IsEmpty ? new CygwinSocketFile(port, secret) : null;
    }

    /// <summary>Reads a file.</summary>
    /// <param name="path">Path of the file.</param>
    /// <returns><see langword="null"/> if it is anything but a stream socket.</returns>
    /// <exception cref="IOException">It cannot be read, or is being written.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be read.</exception>
    public static CygwinSocketFile? TryRead(string path)
    {
        using FileStream file = new(
            path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);
        Span<byte> content = stackalloc byte[MaxSizeBytes];
        return TryParse(content[..file.ReadAtLeast(content, MaxSizeBytes, throwOnEndOfStream: false)]);
    }

    /// <summary>The content of the file, as Cygwin writes it.</summary>
    public byte[] Format()
    {
        uint Word(int index) => BinaryPrimitives.ReadUInt32LittleEndian(_secret.AsSpan(index * sizeof(uint)));
        return Encoding.ASCII.GetBytes(string.Create(
            CultureInfo.InvariantCulture,
            $"!<socket >{Port} s {Word(0):x8}-{Word(1):x8}-{Word(2):x8}-{Word(3):x8}\0"));
    }

    /// <summary>Whether both name the same listener.</summary>
    public bool IsSameAs(CygwinSocketFile other) =>
        Port == other?.Port && CryptographicOperations.FixedTimeEquals(_secret, other._secret);

    private static bool TrySkip(ref ReadOnlySpan<byte> rest, ReadOnlySpan<byte> expected)
    {
        if (!rest.StartsWith(expected))
        {
            return false;
        }

        rest = rest[expected.Length..];
        return true;
    }
}
