using System.Diagnostics.CodeAnalysis;

namespace SecureAgent.Cli.Configuration;

/// <summary>How long a PIN is kept for the next signature.</summary>
/// <param name="Lifetime">Zero: never; <see cref="Timeout.InfiniteTimeSpan"/>: until the key is removed or the agent is
/// locked; else this long after it was entered.</param>
internal sealed record PinCacheSetting(TimeSpan Lifetime)
{
    /// <summary>Reads <c>never</c>, <c>until-removed</c> or a duration.</summary>
    public static bool TryParse(string text, [NotNullWhen(true)] out PinCacheSetting? setting)
    {
        setting = text switch
        {
            "never" => new PinCacheSetting(TimeSpan.Zero),
            "until-removed" => new PinCacheSetting(Timeout.InfiniteTimeSpan),
            _ => Duration.TryParse(text, out TimeSpan? lifetime) ? new PinCacheSetting(lifetime.Value) : null,
        };
        return setting is not null;
    }
}
