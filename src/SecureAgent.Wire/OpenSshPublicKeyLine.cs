using System.Text;

namespace SecureAgent.Wire;

/// <summary>The line of a <c>.pub</c> file: key type, base64 of the blob, comment (sshd(8), "AUTHORIZED_KEYS FILE
/// FORMAT").</summary>
/// <param name="Blob">The key or certificate.</param>
/// <param name="Comment">What stands behind it; may be empty.</param>
public sealed record OpenSshPublicKeyLine(KeyBlob Blob, string Comment)
{
    /// <summary>Writes the line, without an end of line.</summary>
    /// <param name="blob">A key or certificate.</param>
    /// <param name="comment">Control characters in it become spaces: a comment must not start another line.</param>
    /// <exception cref="WireFormatException"><paramref name="blob"/> does not start with a key type.</exception>
    public static string Format(KeyBlob blob, string comment)
    {
        ArgumentNullException.ThrowIfNull(comment);
        StringBuilder line = new(TypeOf(blob));
        line.Append(' ').Append(Convert.ToBase64String(blob.Span));
        if (comment.Length > 0)
        {
            line.Append(' ');
            foreach (char c in comment)
            {
                line.Append(char.IsControl(c) ? ' ' : c);
            }
        }

        return line.ToString();
    }

    /// <summary>Reads a line. Options before the key type are not understood.</summary>
    /// <exception cref="WireFormatException">It is not type, base64 and comment, the type is not that of the blob, or
    /// the blob is neither a key nor a certificate.</exception>
    public static OpenSshPublicKeyLine Parse(string line)
    {
        ArgumentNullException.ThrowIfNull(line);
        if (line.Length > WireLimits.MaxPublicKeyLineBytes)
        {
            throw new WireFormatException($"public key line: more than {WireLimits.MaxPublicKeyLineBytes} characters");
        }

        string[] words = line.Trim().Split([' ', '\t'], 3, StringSplitOptions.RemoveEmptyEntries);
        if (words.Length < 2)
        {
            throw new WireFormatException("public key line: not a key type and base64");
        }

        byte[] bytes;
        try
        {
            bytes = Convert.FromBase64String(words[1]);
        }
        catch (FormatException e)
        {
            throw new WireFormatException("public key line: not base64", e);
        }

        KeyBlob blob = new(bytes);
        _ = PublicKey.DecodeKeyOrCertificate(blob);
        return TypeOf(blob) == words[0]
            ? new OpenSshPublicKeyLine(blob, words.Length > 2 ? words[2].Trim() : "")
            : throw new WireFormatException("public key line: the key type is not that of the key");
    }

    private static string TypeOf(KeyBlob blob) =>
        new WireReader(blob.Span).ReadUtf8("key type", WireLimits.MaxNameBytes);
}
