namespace SecureAgent.Cli.Configuration;

/// <summary>The keys of the configuration file. Each can be overridden by the environment variable
/// <c>SECUREAGENT_</c> and the key in capitals.</summary>
internal static class SettingNames
{
    /// <summary>Path of the socket to serve on.</summary>
    public const string Socket = "socket";

    /// <summary>TCTI of the TPM.</summary>
    public const string Tpm = "tpm";

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

    /// <summary>What the environment variables of the settings begin with.</summary>
    public const string VariablePrefix = "SECUREAGENT_";

    /// <summary>Every key, in the order of listings.</summary>
    public static IReadOnlyList<string> All { get; } =
        [Socket, Tpm, KeyDirectory, PublicKeyDirectory, PinCache, PromptTimeout, OwnerPasswordFile];

    /// <summary>The environment variable that overrides <paramref name="name"/>.</summary>
    public static string Variable(string name) => VariablePrefix + name.ToUpperInvariant();
}
