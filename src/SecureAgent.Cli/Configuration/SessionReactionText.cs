namespace SecureAgent.Cli.Configuration;

/// <summary>How a <see cref="SessionReaction"/> is written.</summary>
internal static class SessionReactionText
{
    /// <summary>Reads <c>nothing</c>, <c>drop-pins</c> or <c>remove-keys</c>.</summary>
    public static bool TryParse(string text, out SessionReaction reaction)
    {
        SessionReaction? parsed = text switch
        {
            "nothing" => SessionReaction.Nothing,
            "drop-pins" => SessionReaction.DropPins,
            "remove-keys" => SessionReaction.RemoveKeys,
            _ => null,
        };
        reaction = parsed.GetValueOrDefault();
        return parsed is not null;
    }
}
