using SecureAgent.Backends.Tpm;

namespace SecureAgent.Cli.Configuration;

/// <summary>The rules of the settings that are one text.</summary>
internal static class SettingText
{
    /// <summary>Value of <see cref="SettingNames.AuditFile"/> for no file.</summary>
    public const string AuditOff = "off";

    /// <summary>What a path must be.</summary>
    public const string MustBeAbsolute = "must be an absolute path or begin with ~/";

    /// <summary>The value in its final form.</summary>
    /// <param name="name">One of <see cref="SettingNames.Texts"/>.</param>
    /// <param name="text">The value as it is written.</param>
    /// <param name="isOption">Whether it is an option's, where a path is relative to where the person stands.</param>
    /// <param name="home">What <c>~</c> stands for.</param>
    /// <exception cref="FormatException">It is wrong; the message says what it must be.</exception>
    public static string Parse(string name, string text, bool isOption, string home)
    {
        string? wrong = name switch
        {
            SettingNames.PinCache when !PinCacheSetting.TryParse(text, out _) =>
                "must be never, until-removed or a duration such as 10m",
            SettingNames.PromptTimeout when !Duration.TryParse(text, out _) => "must be a duration such as 90s or 2m",
            SettingNames.KeyLifetime when !Duration.TryParse(text, out _) => "must be a duration such as 8h",
            SettingNames.ConfirmGrant or SettingNames.ConfirmCoolDown when !Duration.TryParseOrZero(text, out _) =>
                "must be 0 or a duration such as 5s or 10m",
            SettingNames.OnSessionLock or SettingNames.OnSleep when !SessionReactionText.TryParse(text, out _) =>
                "must be nothing, drop-pins or remove-keys",
            SettingNames.Piv when text is not ("on" or "off") => "must be on or off",
            SettingNames.Notify when text is not ("nothing" or "uses") => "must be nothing or uses",
            SettingNames.EventLog when text is not ("off" or "on") => "must be off or on",
            SettingNames.AuditFull when text is not ("continue" or "deny") => "must be continue or deny",
            _ => null,
        };
        if (wrong is not null)
        {
            throw new FormatException(wrong);
        }

        switch (name)
        {
            case SettingNames.Tpm:
                _ = TpmTcti.Parse(text);
                return text;
            case SettingNames.AuditFile when text == AuditOff:
                return text;
            case SettingNames.Socket or SettingNames.CygwinSocket or SettingNames.OpenSshConfig
                or SettingNames.KeyDirectory or SettingNames.PublicKeyDirectory
                or SettingNames.OwnerPasswordFile or SettingNames.AuditFile:
                return isOption || IsAbsolute(text, home)
                    ? Path.GetFullPath(ExpandTilde(text, home))
                    : throw new FormatException(MustBeAbsolute);
            default:
                return text;
        }
    }

    /// <summary>A path with <c>~/</c> replaced.</summary>
    public static string ExpandTilde(string path, string home) =>
        path.StartsWith("~/", StringComparison.Ordinal) ? Path.Combine(home, path[2..]) : path;

    /// <summary>Whether a path says where it begins.</summary>
    public static bool IsAbsolute(string path, string home) => Path.IsPathRooted(ExpandTilde(path, home));
}
