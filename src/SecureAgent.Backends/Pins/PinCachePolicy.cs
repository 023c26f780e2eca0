namespace SecureAgent.Backends.Pins;

/// <summary>How long a PIN is kept after the person gave it.</summary>
public sealed record PinCachePolicy
{
    private PinCachePolicy(TimeSpan? lifetime, int? maximumUses = null) =>
        (Lifetime, MaximumUses) = (lifetime, maximumUses);

    /// <summary>Asked for at every use; uses that wait at the same time share one question.</summary>
    public static PinCachePolicy Never { get; } = new(TimeSpan.Zero);

    /// <summary>Kept until the agent is locked or ends, the key is removed, or the device refuses the PIN.</summary>
    public static PinCachePolicy UntilDropped { get; } = new((TimeSpan?)null);

    /// <summary>How long it is kept; <see langword="null"/> is without limit, zero is not at all.</summary>
    public TimeSpan? Lifetime { get; }

    /// <summary>How often it is used; <see langword="null"/> is without limit.</summary>
    public int? MaximumUses { get; }

    /// <summary>Kept for <paramref name="uses"/> uses, the one that it was asked for included, and no longer than
    /// <see cref="UntilDropped"/> would; uses that wait at the same time share one question.</summary>
    public static PinCachePolicy Uses(int uses)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(uses, 1);
        return new PinCachePolicy(null, uses);
    }

    /// <summary>Kept for <paramref name="lifetime"/> from the moment it was given, and no longer than
    /// <see cref="UntilDropped"/> would.</summary>
    public static PinCachePolicy For(TimeSpan lifetime)
    {
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(lifetime, TimeSpan.Zero);
        return new PinCachePolicy(lifetime);
    }
}
