using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace SecureAgent.Cli.Configuration;

/// <summary>Durations as OpenSSH writes them (sshd_config(5), "TIME FORMATS"): <c>90</c>, <c>10m</c>,
/// <c>1h30m</c>.</summary>
internal static class Duration
{
    private static readonly TimeSpan Longest = TimeSpan.FromDays(365);

    /// <summary>Reads a duration of more than nothing and at most a year.</summary>
    public static bool TryParse(string text, [NotNullWhen(true)] out TimeSpan? duration) =>
        TryParse(text, Longest, out duration) && duration > TimeSpan.Zero;

    /// <summary>Reads a duration of at most a year, <c>0</c> included.</summary>
    public static bool TryParseOrZero(string text, [NotNullWhen(true)] out TimeSpan? duration) =>
        TryParse(text, Longest, out duration);

    /// <summary>Reads a duration of any length up to <paramref name="longest"/>, <c>0</c> included.</summary>
    public static bool TryParse(string text, TimeSpan longest, [NotNullWhen(true)] out TimeSpan? duration)
    {
        duration = null;
        TimeSpan sum = TimeSpan.Zero;
        int start = 0;
        while (start < text.Length)
        {
            int end = start;
            while (end < text.Length && char.IsAsciiDigit(text[end]))
            {
                end++;
            }

            // Ten digits are centuries of seconds and cannot overflow.
            if (end == start || end - start > 10)
            {
                return false;
            }

            long number = long.Parse(text.AsSpan(start, end - start), NumberStyles.None, CultureInfo.InvariantCulture);
            TimeSpan? unit = end == text.Length ? TimeSpan.FromSeconds(1) : Unit(text[end]);
            if (unit is null || number > longest / unit.Value)
            {
                return false;
            }

            sum += number * unit.Value;
            start = end + 1;
        }

        if (text.Length == 0 || sum > longest)
        {
            return false;
        }

        duration = sum;
        return true;
    }

    private static TimeSpan? Unit(char letter) => char.ToLowerInvariant(letter) switch
    {
        's' => TimeSpan.FromSeconds(1),
        'm' => TimeSpan.FromMinutes(1),
        'h' => TimeSpan.FromHours(1),
        'd' => TimeSpan.FromDays(1),
        'w' => TimeSpan.FromDays(7),
        _ => null,
    };
}
