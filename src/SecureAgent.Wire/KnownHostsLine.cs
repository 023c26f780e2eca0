using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace SecureAgent.Wire;

/// <summary>A line of a known_hosts file (sshd(8), "SSH_KNOWN_HOSTS FILE FORMAT"): an optional marker, host names, key
/// type, base64 of the key, comment.</summary>
/// <param name="Marker">What it says of the key.</param>
/// <param name="Hosts">Its host names: patterns with commas between them, or one hashed name.</param>
/// <param name="Key">The key.</param>
public sealed record KnownHostsLine(KnownHostsMarker Marker, string Hosts, KeyBlob Key)
{
    private const string HashMagic = "|1|";

    /// <summary>Whether <see cref="Hosts"/> is one name that can be tested but not read.</summary>
    public bool IsHashed => Hosts.StartsWith('|');

    /// <summary>The names and patterns that it lists, without those that it leaves out; none if it is
    /// hashed.</summary>
    public IEnumerable<string> Names =>
        IsHashed ? [] : Hosts.Split(',').Where(name => name.Length > 0 && name[0] != '!');

    /// <summary>Reads a line.</summary>
    /// <param name="line">Without its end.</param>
    /// <returns><see langword="null"/> for empty lines, comments, and what is not understood, which OpenSSH passes
    /// over too.</returns>
    public static KnownHostsLine? Parse(ReadOnlySpan<char> line)
    {
        ReadOnlySpan<char> rest = line.Trim(" \t\r");
        KnownHostsMarker marker = KnownHostsMarker.None;
        if (rest.StartsWith('#') || (rest.StartsWith('@') && !TryTakeMarker(ref rest, out marker)))
        {
            return null;
        }

        ReadOnlySpan<char> hosts = TakeWord(ref rest);
        ReadOnlySpan<char> type = TakeWord(ref rest);
        byte[]? blob = DecodeBase64(TakeWord(ref rest));
        return hosts.Length > 0 && blob is not null && IsOfType(blob, type)
            ? new KnownHostsLine(marker, hosts.ToString(), new KeyBlob(blob))
            : null;
    }

    /// <summary>Whether it is for <paramref name="host"/>.</summary>
    /// <param name="host">A name without wildcards, an address, or either as <c>[host]:port</c>; its case does not
    /// matter.</param>
    public bool IsFor(string host)
    {
        ArgumentNullException.ThrowIfNull(host);
        // SSH host names are compared in lower case, and hashed in it.
        string name = host.ToLowerInvariant();
        return IsHashed ? HashFits(name) : WildcardPattern.MatchesList(Hosts.ToLowerInvariant(), name);
    }

    private bool HashFits(string name)
    {
        int middle = Hosts.IndexOf('|', HashMagic.Length);
        if (!Hosts.StartsWith(HashMagic, StringComparison.Ordinal) || middle < 0
            || DecodeBase64(Hosts.AsSpan(HashMagic.Length..middle)) is not { Length: HMACSHA1.HashSizeInBytes } salt
            || DecodeBase64(Hosts.AsSpan(middle + 1)) is not { } hash)
        {
            return false;
        }

        Span<byte> expected = stackalloc byte[HMACSHA1.HashSizeInBytes];
#pragma warning disable CA5350 // The format knows SHA-1 only.
        HMACSHA1.HashData(salt, Encoding.UTF8.GetBytes(name), expected);
#pragma warning restore CA5350
        return expected.SequenceEqual(hash);
    }

    private static bool TryTakeMarker(ref ReadOnlySpan<char> rest, out KnownHostsMarker marker)
    {
        marker = TakeWord(ref rest) switch
        {
            "@cert-authority" => KnownHostsMarker.CertAuthority,
            "@revoked" => KnownHostsMarker.Revoked,
            _ => KnownHostsMarker.None,
        };
        return marker != KnownHostsMarker.None && !rest.StartsWith('@');
    }

    private static ReadOnlySpan<char> TakeWord(ref ReadOnlySpan<char> rest)
    {
        int end = rest.IndexOfAny(' ', '\t');
        ReadOnlySpan<char> word = end < 0 ? rest : rest[..end];
        rest = end < 0 ? [] : rest[end..].TrimStart(" \t");
        return word;
    }

    private static byte[]? DecodeBase64(ReadOnlySpan<char> text)
    {
        byte[] bytes = new byte[(text.Length / 4 * 3) + 3];
        return Convert.TryFromBase64Chars(text, bytes, out int length) ? bytes[..length] : null;
    }

    private static bool IsOfType(ReadOnlySpan<byte> blob, ReadOnlySpan<char> type) =>
        type.Length > 0 && blob.Length > 4 && BinaryPrimitives.ReadUInt32BigEndian(blob) == (uint)type.Length
        && blob.Length >= 4 + type.Length && Ascii.Equals(blob.Slice(4, type.Length), type);
}
