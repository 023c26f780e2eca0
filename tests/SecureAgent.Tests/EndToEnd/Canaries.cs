using System.Text;

namespace SecureAgent.Tests.EndToEnd;

/// <summary>The forms in which bytes could stand in a log, a file or memory.</summary>
internal static class Canaries
{
    /// <summary>The bytes themselves, and as text: hexadecimal and base64 in each of its three alignments, all in
    /// ASCII, and the texts in UTF-16 too.</summary>
    public static IEnumerable<(string Form, byte[] Bytes)> FormsOf(byte[] secret)
    {
        yield return ("", secret);
        List<(string Form, string Text)> texts =
        [
            ("hex", Convert.ToHexStringLower(secret)), ("HEX", Convert.ToHexString(secret)),
        ];
        for (int skip = 0; skip < 3; skip++)
        {
            ReadOnlySpan<byte> aligned = secret.AsSpan(skip);
            texts.Add(($"base64+{skip}", Convert.ToBase64String(aligned[..(aligned.Length / 3 * 3)])));
        }

        if (secret.All(value => value is >= 0x20 and < 0x7F))
        {
            texts.Add(("UTF-16", Encoding.ASCII.GetString(secret)));
        }

        foreach ((string form, string text) in texts)
        {
            yield return (form, Encoding.ASCII.GetBytes(text));
            yield return (form + " UTF-16", Encoding.Unicode.GetBytes(text));
        }
    }
}
