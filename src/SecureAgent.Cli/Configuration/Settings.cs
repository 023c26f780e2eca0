using SecureAgent.Core;

namespace SecureAgent.Cli.Configuration;

/// <summary>The effective settings.</summary>
internal sealed record Settings
{
    /// <summary>Every setting and where it came from, in the order of <see cref="SettingNames.All"/>; the policies of
    /// keys one by one, as <c>keys.NAME.PROPERTY</c>.</summary>
    public required IReadOnlyList<SettingValue> Values { get; init; }

    /// <summary>What is wrong, worst first.</summary>
    public required IReadOnlyList<ConfigurationProblem> Problems { get; init; }

    /// <summary>The configuration files that were read.</summary>
    public required IReadOnlyList<string> Files { get; init; }

    /// <summary>Path of the socket to serve on.</summary>
    public string Socket => Text(SettingNames.Socket);

    /// <summary>The ways for clients to arrive (<see cref="ChannelNames"/>), in the order to name them.</summary>
    public IReadOnlyList<string> Channels { get; init; } = ChannelNames.Default;

    /// <summary>The file that stands for the socket of Cygwin and MSYS2; <see langword="null"/> for none.</summary>
    public string? CygwinSocket => Value(SettingNames.CygwinSocket);

    /// <summary>File for ssh's <c>Include</c> that names Pageant's pipe; <see langword="null"/> for none.</summary>
    public string? OpenSshConfig => Value(SettingNames.OpenSshConfig);

    /// <summary>TCTI of the TPM.</summary>
    public string Tpm => Text(SettingNames.Tpm);

    /// <summary>Whether keys of PIV tokens are offered.</summary>
    public bool Piv => Text(SettingNames.Piv) == "on";

    /// <summary>Directory of the key files.</summary>
    public string KeyDirectory => Text(SettingNames.KeyDirectory);

    /// <summary>Directory of <c>NAME.pub</c>.</summary>
    public string PublicKeyDirectory => Text(SettingNames.PublicKeyDirectory);

    /// <summary>How long a PIN is kept.</summary>
    public PinCacheSetting PinCache =>
        PinCacheSetting.TryParse(Text(SettingNames.PinCache), out PinCacheSetting? setting)
            ? setting
            : throw new InvalidOperationException("Invalid settings are not used.");

    /// <summary>How long a prompt waits for the person.</summary>
    public TimeSpan PromptTimeout => DurationOf(Text(SettingNames.PromptTimeout));

    /// <summary>File that holds the password of the TPM's owner hierarchy, if any.</summary>
    public string? OwnerPasswordFile => Value(SettingNames.OwnerPasswordFile);

    /// <summary>For how long a confirmation holds; zero for one use.</summary>
    public TimeSpan ConfirmGrant => DurationOrZero(SettingNames.ConfirmGrant);

    /// <summary>For how long a dismissed prompt is not shown again.</summary>
    public TimeSpan ConfirmCoolDown => DurationOrZero(SettingNames.ConfirmCoolDown);

    /// <summary>Lifetime of added keys that bring none; <see langword="null"/> for no end.</summary>
    public TimeSpan? KeyLifetime => Value(SettingNames.KeyLifetime) is string text ? DurationOf(text) : null;

    /// <summary>File of the record of uses; <see langword="null"/> for none.</summary>
    public string? AuditFile =>
        Text(SettingNames.AuditFile) is string path && path != SettingText.AuditOff ? path : null;

    /// <summary>Whether no key may be used while the record cannot be kept.</summary>
    public bool AuditDeniesWhenFull => Text(SettingNames.AuditFull) == "deny";

    /// <summary>What happens when the person locks the session or disconnects from it.</summary>
    public SessionReaction OnSessionLock => ReactionOf(SettingNames.OnSessionLock);

    /// <summary>What happens when the machine goes to sleep.</summary>
    public SessionReaction OnSleep => ReactionOf(SettingNames.OnSleep);

    /// <summary>Whether each use of a key is told in the notification area.</summary>
    public bool NotifiesUses => Text(SettingNames.Notify) == "uses";

    /// <summary>Whether warnings and errors go into the Application log of Windows too.</summary>
    public bool WritesEventLog => Text(SettingNames.EventLog) == "on";

    /// <summary>What forwarded connections may do more.</summary>
    public ForwardedRights Forwarded { get; init; }

    /// <summary>Path patterns of the PKCS#11 and security key modules that may be loaded; <c>!</c> forbids.</summary>
    public IReadOnlyList<string> Providers { get; init; } = [];

    /// <summary>Applications of security keys that may sign anything, besides <c>ssh:*</c>.</summary>
    public IReadOnlyList<string> WebSafeApplications { get; init; } = [];

    /// <summary>Other agents whose keys are offered too.</summary>
    public IReadOnlyList<UpstreamSetting> Upstreams { get; init; } = [];

    /// <summary>The policies of keys.</summary>
    public required KeyPolicies Policies { get; init; }

    private SessionReaction ReactionOf(string name) =>
        SessionReactionText.TryParse(Text(name), out SessionReaction reaction)
            ? reaction
            : throw new InvalidOperationException("Invalid settings are not used.");

    private TimeSpan DurationOrZero(string name) =>
        Duration.TryParseOrZero(Text(name), out TimeSpan? duration)
            ? duration.Value
            : throw new InvalidOperationException("Invalid settings are not used.");

    private static TimeSpan DurationOf(string text) =>
        Duration.TryParse(text, out TimeSpan? duration)
            ? duration.Value
            : throw new InvalidOperationException("Invalid settings are not used.");

    private string Text(string name) => Value(name) ?? throw new InvalidOperationException($"{name} has a default.");

    private string? Value(string name) => Values.First(setting => setting.Name == name).Value;
}
