namespace SecureAgent.Core;

/// <summary>What the configuration says of one key. The default allows everything but SHA-1.</summary>
public sealed record KeyPolicy
{
    /// <summary>The policy of keys that the configuration does not mention.</summary>
    public static readonly KeyPolicy Default = new();

    /// <summary>What it may sign; <see langword="null"/> for everything.</summary>
    public IReadOnlyList<PurposeRule>? Purposes { get; init; }

    /// <summary>When the person is asked before each use, beyond what the key's own constraints ask for.</summary>
    public ConfirmRule Confirm { get; init; } = ConfirmRule.Never;

    /// <summary>Host name patterns it may log in to (<see cref="IHostNames.Matches"/>); <see langword="null"/> for
    /// all.</summary>
    public IReadOnlyList<string>? Hosts { get; init; }

    /// <summary>Names of the channels on which it is listed and usable; <see langword="null"/> for all.</summary>
    public IReadOnlyList<string>? Channels { get; init; }

    /// <summary>Whether an RSA key may sign with SHA-1.</summary>
    public bool AllowRsaSha1 { get; init; }
}
