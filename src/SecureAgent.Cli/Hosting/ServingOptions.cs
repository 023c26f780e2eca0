using SecureAgent.Core;

namespace SecureAgent.Cli.Hosting;

/// <summary>What the command line of <c>ssh-agent</c> says about serving, beyond the configuration.</summary>
internal sealed record ServingOptions
{
    /// <summary>Lifetime of added keys that bring none (<c>-t</c>); <see langword="null"/> for no end.</summary>
    public TimeSpan? DefaultLifetime { get; init; }

    /// <summary>What forwarded connections may do more (<c>-O allow-remote-pkcs11</c>).</summary>
    public ForwardedRights Forwarded { get; init; }

    /// <summary>Applications of security keys that may sign anything (<c>-O websafe-allow=</c>; a lone <c>*</c> for
    /// <c>-O no-restrict-websafe</c>).</summary>
    public IReadOnlyList<string> WebSafeApplications { get; init; } = [];

    /// <summary>Pattern list of the libraries that tokens may come from (<c>-P</c>); <see langword="null"/> for the
    /// default.</summary>
    public string? AllowedProviders { get; init; }
}
