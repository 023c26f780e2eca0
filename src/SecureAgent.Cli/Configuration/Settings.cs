namespace SecureAgent.Cli.Configuration;

/// <summary>The effective settings.</summary>
internal sealed record Settings
{
    /// <summary>Every setting and where it came from, in the order of <see cref="SettingNames.All"/>.</summary>
    public required IReadOnlyList<SettingValue> Values { get; init; }

    /// <summary>What is wrong, worst first.</summary>
    public required IReadOnlyList<ConfigurationProblem> Problems { get; init; }

    /// <summary>The configuration files that were read.</summary>
    public required IReadOnlyList<string> Files { get; init; }

    /// <summary>Path of the socket to serve on.</summary>
    public string Socket => Text(SettingNames.Socket);

    /// <summary>TCTI of the TPM.</summary>
    public string Tpm => Text(SettingNames.Tpm);

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
    public TimeSpan PromptTimeout =>
        Duration.TryParse(Text(SettingNames.PromptTimeout), out TimeSpan? timeout)
            ? timeout.Value
            : throw new InvalidOperationException("Invalid settings are not used.");

    /// <summary>File that holds the password of the TPM's owner hierarchy, if any.</summary>
    public string? OwnerPasswordFile => Value(SettingNames.OwnerPasswordFile);

    private string Text(string name) => Value(name) ?? throw new InvalidOperationException($"{name} has a default.");

    private string? Value(string name) => Values.First(setting => setting.Name == name).Value;
}
