namespace SecureAgent.Wire;

/// <summary>Patterns as in ssh_config(5), "PATTERNS": <c>*</c> stands for any characters or none, <c>?</c> for one;
/// upper and lower case differ. The time is at most the product of the lengths, whatever the pattern.</summary>
public static class WildcardPattern
{
    /// <summary>Whether <paramref name="pattern"/> fits all of <paramref name="text"/>.</summary>
    public static bool Matches(string pattern, string text)
    {
        ArgumentNullException.ThrowIfNull(pattern);
        ArgumentNullException.ThrowIfNull(text);
        return Matches(pattern.AsSpan(), text);
    }

    /// <summary>Whether one of the patterns fits all of <paramref name="text"/>, and none that begins with <c>!</c>
    /// does.</summary>
    /// <param name="list">Patterns with commas between them.</param>
    /// <param name="text">A name or a path.</param>
    public static bool MatchesList(string list, string text)
    {
        ArgumentNullException.ThrowIfNull(list);
        ArgumentNullException.ThrowIfNull(text);
        bool matched = false;
        ReadOnlySpan<char> rest = list;
        // What follows a last comma is not one more, empty pattern.
        while (rest.Length > 0)
        {
            int comma = rest.IndexOf(',');
            ReadOnlySpan<char> pattern = comma < 0 ? rest : rest[..comma];
            rest = comma < 0 ? [] : rest[(comma + 1)..];
            bool negated = pattern.StartsWith('!');
            if (Matches(negated ? pattern[1..] : pattern, text))
            {
                if (negated)
                {
                    return false;
                }

                matched = true;
            }
        }

        return matched;
    }

    // When the text runs against what follows a star, that star takes one character more. Only the last star need be
    // tried again: whatever an earlier one could take instead, the last one can take as well.
    private static bool Matches(ReadOnlySpan<char> pattern, ReadOnlySpan<char> text)
    {
        int p = 0;
        int t = 0;
        int afterStar = -1;
        int taken = 0;
        while (t < text.Length)
        {
            if (p < pattern.Length && pattern[p] == '*')
            {
                afterStar = ++p;
                taken = t;
            }
            else if (p < pattern.Length && (pattern[p] == '?' || pattern[p] == text[t]))
            {
                p++;
                t++;
            }
            else if (afterStar >= 0)
            {
                p = afterStar;
                t = ++taken;
            }
            else
            {
                return false;
            }
        }

        return pattern[p..].IndexOfAnyExcept('*') < 0;
    }
}
