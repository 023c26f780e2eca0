using SecureAgent.Core;

namespace SecureAgent.Backends;

/// <summary>What a key may be called. A name becomes a file name here and on other systems, and a word on command
/// lines: so letters, digits, dot, underscore and dash only, nothing hidden, nothing that reads as an option.</summary>
public static class KeyName
{
    /// <summary>The longest name, in characters.</summary>
    public const int MaximumLength = 64;

    // Names that Windows takes for devices, with any extension.
    private static readonly HashSet<string> Reserved = new(
        ["con", "prn", "aux", "nul", .. Numbered("com"), .. Numbered("lpt")], StringComparer.OrdinalIgnoreCase);

    /// <summary>Checks <paramref name="name"/>.</summary>
    /// <exception cref="BackendException">It is no safe name; the message says what is allowed.</exception>
    internal static void Require(string name)
    {
        if (Reason(name) is string reason)
        {
            throw new BackendException(
                BackendFailure.Refused, $"A key cannot be called \"{Printable(name)}\": {reason}.");
        }
    }

    /// <summary>Why <paramref name="name"/> is no safe name, as a clause, or <see langword="null"/> if it is
    /// one.</summary>
    public static string? Reason(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        if (name.Length is 0 or > MaximumLength)
        {
            return $"a name has 1 to {MaximumLength} characters";
        }

        foreach (char character in name)
        {
            if (!char.IsAsciiLetterOrDigit(character) && character is not ('.' or '_' or '-'))
            {
                return "a name has only letters, digits, dots, underscores and dashes";
            }
        }

        if (name[0] is '.' or '-' || name[^1] == '.')
        {
            return "a name neither starts with a dot or a dash nor ends with a dot";
        }

        if (name.EndsWith("-cert", StringComparison.OrdinalIgnoreCase))
        {
            return "a name ending in -cert would be taken for a certificate";
        }

        return Reserved.Contains(name.Split('.')[0]) ? "Windows reserves that name for a device" : null;
    }

    private static string Printable(string name) =>
        string.Concat(name.Take(MaximumLength + 1).Select(character => char.IsControl(character) ? '?' : character));

    private static IEnumerable<string> Numbered(string device) => Enumerable.Range(1, 9)
        .Select(number => $"{device}{number}");
}
