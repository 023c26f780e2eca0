using System.Globalization;
using System.Text;

namespace SecureAgent.Cli.Output;

/// <summary>Text from outside the agent (comments, host names, paths of executables) made safe to show: one line, no
/// terminal sequence, no character that hides or reorders others, and not too long.</summary>
internal static class SafeText
{
    // Accents and Indic vowels need one or two; a longer pile draws over the neighbouring lines of a dialog.
    private const int MaxMarksInARow = 2;

    /// <summary>Escapes and shortens <paramref name="text"/> for use inside a prompt.</summary>
    /// <param name="text">Anything, unpaired surrogates included.</param>
    /// <param name="maxCharacters">Longest result, escapes counted as they are shown; a longer text is cut and ends in
    /// an ellipsis.</param>
    /// <returns>Text without control, format, separator, private-use or unassigned characters: each is shown as
    /// <c>\u{HEX}</c>. A backslash or a double quote is preceded by a backslash, so that quoted text cannot end its own
    /// quotes.</returns>
    public static string Escape(string text, int maxCharacters) => Show(text, maxCharacters, escapeQuotes: true);

    /// <summary><see cref="Escape"/> between double quotes, which mark it as text that the agent did not
    /// write.</summary>
    public static string Quote(string text, int maxCharacters) => $"\"{Escape(text, maxCharacters)}\"";

    /// <summary>One line of a log or table: as <see cref="Escape"/>, but quotes and backslashes stay as they
    /// are.</summary>
    public static string Line(string text, int maxCharacters) => Show(text, maxCharacters, escapeQuotes: false);

    private static string Show(string text, int maxCharacters, bool escapeQuotes)
    {
        StringBuilder shown = new();
        int length = 0;
        int marks = 0;
        foreach (Rune rune in text.EnumerateRunes())
        {
            marks = IsMark(rune) ? marks + 1 : 0;
            string piece = rune.ToString();
            int pieceLength = 1;
            if (!IsPlain(rune) || marks > MaxMarksInARow)
            {
                piece = string.Create(CultureInfo.InvariantCulture, $"\\u{{{rune.Value:X}}}");
                pieceLength = piece.Length;
            }
            else if (escapeQuotes && (rune.Value is '\\' or '"'))
            {
                piece = "\\" + piece;
                pieceLength = piece.Length;
            }

            if (pieceLength > maxCharacters - length)
            {
                return shown.Append('…').ToString();
            }

            shown.Append(piece);
            length += pieceLength;
        }

        return shown.ToString();
    }

    private static bool IsMark(Rune rune) =>
        Rune.GetUnicodeCategory(rune) is UnicodeCategory.NonSpacingMark or UnicodeCategory.EnclosingMark;

    private static bool IsPlain(Rune rune) => Rune.GetUnicodeCategory(rune) switch
    {
        UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.LineSeparator
            or UnicodeCategory.ParagraphSeparator or UnicodeCategory.PrivateUse or UnicodeCategory.Surrogate
            or UnicodeCategory.OtherNotAssigned => false,
        UnicodeCategory.SpaceSeparator => rune.Value == ' ',
        _ => true,
    };
}
