namespace SecureAgent.Cli.Configuration;

/// <summary>The keys of the configuration file. Each that takes one text can be overridden by the environment variable
/// <c>SECUREAGENT_</c> and the key in capitals.</summary>
internal static class SettingNames
{
    /// <summary>Path of the socket to serve on.</summary>
    public const string Socket = "socket";

    /// <summary>List of the ways for clients to arrive (<see cref="ChannelNames"/>).</summary>
    public const string Channels = "channels";

    /// <summary>The file that stands for the socket of Cygwin and MSYS2; Windows only.</summary>
    public const string CygwinSocket = "cygwinSocket";

    /// <summary>File for ssh's <c>Include</c> that names Pageant's pipe; Windows only.</summary>
    public const string OpenSshConfig = "openSshConfig";

    /// <summary>TCTI of the TPM.</summary>
    public const string Tpm = "tpm";

    /// <summary>Whether keys of PIV tokens are offered: <c>on</c> or <c>off</c>.</summary>
    public const string Piv = "piv";

    /// <summary>Directory of the key files.</summary>
    public const string KeyDirectory = "keyDirectory";

    /// <summary>Directory of <c>NAME.pub</c>.</summary>
    public const string PublicKeyDirectory = "publicKeyDirectory";

    /// <summary>How long a PIN is kept: <c>never</c>, <c>until-removed</c> or a duration.</summary>
    public const string PinCache = "pinCache";

    /// <summary>How long a prompt waits for the person.</summary>
    public const string PromptTimeout = "promptTimeout";

    /// <summary>File that holds the password of the TPM's owner hierarchy.</summary>
    public const string OwnerPasswordFile = "ownerPasswordFile";

    /// <summary>For how long a confirmation holds.</summary>
    public const string ConfirmGrant = "confirmGrant";

    /// <summary>For how long a dismissed prompt is not shown again.</summary>
    public const string ConfirmCoolDown = "confirmCoolDown";

    /// <summary>Lifetime of added keys that bring none.</summary>
    public const string KeyLifetime = "keyLifetime";

    /// <summary>File of the record of uses, or <c>off</c>.</summary>
    public const string AuditFile = "auditFile";

    /// <summary>What happens when the record cannot be kept: <c>continue</c> or <c>deny</c>.</summary>
    public const string AuditFull = "auditFull";

    /// <summary>What happens when the person locks the session or disconnects from it: <c>nothing</c>,
    /// <c>drop-pins</c> or <c>remove-keys</c>. Windows only.</summary>
    public const string OnSessionLock = "onSessionLock";

    /// <summary>The same for when the machine goes to sleep. Windows only.</summary>
    public const string OnSleep = "onSleep";

    /// <summary>What is told in the notification area: <c>nothing</c>, or <c>uses</c> of keys. Windows only.</summary>
    public const string Notify = "notify";

    /// <summary>Whether warnings and errors go into the Application log too: <c>off</c> or <c>on</c>. Windows
    /// only.</summary>
    public const string EventLog = "eventLog";

    /// <summary>List of what forwarded connections may do more: <c>add</c>, <c>remove</c>, <c>lock</c>,
    /// <c>providers</c>.</summary>
    public const string Forwarded = "forwarded";

    /// <summary>List of path patterns of the modules that may be loaded.</summary>
    public const string Providers = "providers";

    /// <summary>List of applications of security keys that may sign anything.</summary>
    public const string WebSafeApplications = "webSafeApplications";

    /// <summary>List of other agents: endpoints, or objects of an endpoint and a filter.</summary>
    public const string Upstreams = "upstreams";

    /// <summary>Policies by the name or fingerprint of a key.</summary>
    public const string Keys = "keys";

    /// <summary>What the environment variables of the settings begin with.</summary>
    public const string VariablePrefix = "SECUREAGENT_";

    /// <summary>Those that take one text, in the order of listings.</summary>
    public static IReadOnlyList<string> Texts { get; } =
    [
        Socket, CygwinSocket, OpenSshConfig, Tpm, Piv, KeyDirectory, PublicKeyDirectory, PinCache, PromptTimeout,
        OwnerPasswordFile, ConfirmGrant, ConfirmCoolDown, KeyLifetime, AuditFile, AuditFull, OnSessionLock, OnSleep,
        Notify, EventLog,
    ];

    /// <summary>Every key, in the order of listings.</summary>
    public static IReadOnlyList<string> All { get; } =
        [.. Texts, Channels, Forwarded, Providers, WebSafeApplications, Upstreams, Keys];

    /// <summary>The environment variable that overrides <paramref name="name"/>.</summary>
    public static string Variable(string name) => VariablePrefix + name.ToUpperInvariant();
}
