using SecureAgent.Core;

namespace SecureAgent.Cli.Configuration;

/// <summary>What one entry of <c>keys</c> says. A property that it does not mention is <see langword="null"/>; meanings
/// are those of <see cref="KeyPolicy"/>.</summary>
internal sealed record KeyPolicyEntry
{
    /// <summary><see cref="KeyPolicy.Purposes"/>.</summary>
    public IReadOnlyList<PurposeRule>? Purposes { get; init; }

    /// <summary><see cref="KeyPolicy.Confirm"/>.</summary>
    public ConfirmRule? Confirm { get; init; }

    /// <summary><see cref="KeyPolicy.Hosts"/>.</summary>
    public IReadOnlyList<string>? Hosts { get; init; }

    /// <summary><see cref="KeyPolicy.Channels"/>.</summary>
    public IReadOnlyList<string>? Channels { get; init; }

    /// <summary><see cref="KeyPolicy.AllowRsaSha1"/>.</summary>
    public bool? AllowRsaSha1 { get; init; }

    /// <summary>This one, and <paramref name="other"/> for what this one does not mention.</summary>
    public KeyPolicyEntry Over(KeyPolicyEntry other) => new()
    {
        Purposes = Purposes ?? other.Purposes,
        Confirm = Confirm ?? other.Confirm,
        Hosts = Hosts ?? other.Hosts,
        Channels = Channels ?? other.Channels,
        AllowRsaSha1 = AllowRsaSha1 ?? other.AllowRsaSha1,
    };
}
