namespace SecureAgent.Cli.Tokens;

/// <summary>Which token a person means.</summary>
/// <param name="Id">Its serial number; <see langword="null"/> for the only one there is.</param>
internal sealed record TokenSelection(string? Id)
{
    private const string Scheme = "piv";

    /// <summary>Reads <c>piv</c> or <c>piv:SERIAL</c>.</summary>
    /// <returns>It, or <see langword="null"/> if it is neither.</returns>
    public static TokenSelection? Parse(string? text) => text == Scheme
        ? new TokenSelection((string?)null)
        : text?.StartsWith($"{Scheme}:", StringComparison.Ordinal) == true && text.Length > Scheme.Length + 1
            ? new TokenSelection(text[(Scheme.Length + 1)..])
            : null;
}
