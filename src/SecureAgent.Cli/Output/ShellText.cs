using System.Buffers;

namespace SecureAgent.Cli.Output;

/// <summary>Text for a POSIX shell.</summary>
internal static class ShellText
{
    private static readonly SearchValues<char> Plain =
        SearchValues.Create("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._-+:@%,");

    /// <summary>One word that every POSIX shell reads as exactly <paramref name="text"/>.</summary>
    public static string Quote(string text) =>
        text.Length > 0 && text.AsSpan().IndexOfAnyExcept(Plain) < 0
            ? text
            : "'" + text.Replace("'", "'\\''", StringComparison.Ordinal) + "'";
}
