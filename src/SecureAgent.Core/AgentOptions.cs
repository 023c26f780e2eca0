namespace SecureAgent.Core;

/// <summary>What the agent may do, and the parts that it may use.</summary>
public sealed record AgentOptions
{
    /// <summary>Takes keys of <c>ssh-add</c>; without, they are refused.</summary>
    public ISoftwareKeys? SoftwareKeys { get; init; }

    /// <summary>Takes keys of security keys (FIDO) of <c>ssh-add</c>; without, they are refused.</summary>
    public ISecurityKeys? SecurityKeys { get; init; }

    /// <summary>Takes tokens of <c>ssh-add -s</c>; without, they are refused.</summary>
    public ITokenProviders? Tokens { get; init; }

    /// <summary>Knows hosts by their keys; without, none is known.</summary>
    public IHostNames? HostNames { get; init; }

    /// <summary>Keeps the record of uses; without, none is kept.</summary>
    public IAuditLog? Audit { get; init; }

    /// <summary>The policy of a key, by its fingerprint (<c>SHA256:…</c>; for a certificate that of its key) and its
    /// comment.</summary>
    public Func<string, string, KeyPolicy> PolicyOf { get; init; } = (_, _) => KeyPolicy.Default;

    /// <summary>What forwarded connections may do more.</summary>
    public ForwardedRights Forwarded { get; init; }

    /// <summary>Lifetime of added keys that bring none; <see langword="null"/> for no end.</summary>
    public TimeSpan? DefaultLifetime { get; init; }

    /// <summary>Clock of lifetimes: it goes on while the machine sleeps.</summary>
    public TimeProvider LifetimeClock { get; init; } = TimeProvider.System;

    /// <summary>For how long a confirmation holds for the same key, destination and process tree; zero for one use
    /// only.</summary>
    public TimeSpan ConsentGrant { get; init; }

    /// <summary>For how long a dismissed prompt is not shown again for the same key and program.</summary>
    public TimeSpan ConsentCoolDown { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Applications of security keys that may sign anything, besides <c>ssh:*</c>: name patterns with
    /// <c>*</c> and <c>?</c> (<c>-O websafe-allow=</c>); a lone <c>*</c> lifts the restriction.</summary>
    public IReadOnlyList<string> WebSafeApplications { get; init; } = [];

    /// <summary>Ways to other agents, whose keys appear after ours.</summary>
    public IReadOnlyList<Upstream> Upstreams { get; init; } = [];
}
