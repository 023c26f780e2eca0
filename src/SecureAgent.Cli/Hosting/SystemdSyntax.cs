using System.Text;

namespace SecureAgent.Cli.Hosting;

/// <summary>How words stand in a unit file (systemd.syntax(7), "Quoting"; systemd.unit(5), "Specifiers").</summary>
internal static class SystemdSyntax
{
    /// <summary>A text in which nothing is replaced.</summary>
    public static string EscapeSpecifiers(string text) => text.Replace("%", "%%", StringComparison.Ordinal);

    /// <summary>One word of a command line, in which nothing is replaced either.</summary>
    public static string QuoteWord(string word) => QuotePath(word).Replace("$", "$$", StringComparison.Ordinal);

    /// <summary>One word of a setting.</summary>
    public static string QuotePath(string path)
    {
        StringBuilder quoted = new("\"");
        foreach (char character in EscapeSpecifiers(path))
        {
            quoted.Append(character switch
            {
                '\\' => "\\\\",
                '"' => "\\\"",
                '\n' => "\\n",
                _ => character.ToString(),
            });
        }

        return quoted.Append('"').ToString();
    }
}
