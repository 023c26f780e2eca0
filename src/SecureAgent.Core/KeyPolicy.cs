using SecureAgent.Wire;

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

    /// <summary>Whether the channel of <paramref name="peer"/> is allowed.</summary>
    internal bool AllowsChannel(PeerInfo peer) => Channels?.Contains(peer.Channel) ?? true;

    /// <summary>Whether logins to the host of <paramref name="hostKey"/> are allowed.</summary>
    internal bool AllowsHost(KeyBlob hostKey, IHostNames? hostNames) =>
        Hosts is not { } hosts
        || (hostNames is not null && hosts.Any(pattern => hostNames.Matches(hostKey, pattern)));

    /// <summary>Whether a connection sees the key in its list: on its channels and, once the connection is bound, where
    /// it may log in.</summary>
    internal bool ShowsTo(PeerInfo peer, SessionBindings bindings, IHostNames? hostNames) =>
        AllowsChannel(peer)
        && (Hosts is null || !bindings.IsAttempted
            || (bindings.All is [.., { IsForwarding: false } last] && AllowsHost(last.HostKey, hostNames)));
}
