using System.Buffers;
using SecureAgent.Core;

namespace SecureAgent.Cli.Configuration;

/// <summary>Reads entries of <c>keys</c>.</summary>
internal sealed class KeyPolicyReader
{
    private const int FingerprintCharacters = 43; // SHA-256 in base64 without padding.

    private static readonly SearchValues<char> Base64 =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/");

    private readonly NodeReader _nodes;

    /// <summary>Creates the reader.</summary>
    public KeyPolicyReader(NodeReader nodes) => _nodes = nodes;

    /// <summary>Whether <paramref name="text"/> is a fingerprint as <c>ssh-add -l</c> prints it.</summary>
    public static bool IsFingerprint(string text) =>
        text.Length == KeyPolicies.FingerprintPrefix.Length + FingerprintCharacters
        && text.StartsWith(KeyPolicies.FingerprintPrefix, StringComparison.Ordinal)
        && text.AsSpan(KeyPolicies.FingerprintPrefix.Length).IndexOfAnyExcept(Base64) < 0;

    /// <summary>Reads one entry.</summary>
    /// <param name="key">Which keys it is for.</param>
    /// <param name="section">What it says.</param>
    public KeyPolicyEntry Read(string key, ConfigurationNode.Section section)
    {
        if (WrongKey(key) is string wrong)
        {
            _nodes.Wrong(section, wrong);
        }

        KeyPolicyEntry entry = new();
        foreach ((string property, ConfigurationNode value) in section.Properties)
        {
            entry = With(entry, property, value);
        }

        return entry;
    }

    private KeyPolicyEntry With(KeyPolicyEntry entry, string property, ConfigurationNode value)
    {
        switch (property)
        {
            case "purposes":
                return entry with { Purposes = ReadPurposes(value) };
            case "confirm":
                return entry with { Confirm = ReadConfirm(value) };
            case "hosts":
                return entry with { Hosts = _nodes.Texts(value, "a host", WrongHost) };
            case "channels":
                return entry with { Channels = _nodes.Texts(value, "a channel", WrongIfEmpty) };
            case "rsaSha1":
                return entry with { AllowRsaSha1 = _nodes.Flag(value, property) };
            default:
                _nodes.Wrong(value, $"\"{property}\" is nothing that a key's policy has; "
                    + "there are purposes, confirm, hosts, channels, rsaSha1");
                return entry;
        }
    }

    private List<PurposeRule> ReadPurposes(ConfigurationNode value)
    {
        List<PurposeRule> rules = [];
        _ = _nodes.Texts(value, "a purpose", text =>
        {
            if (!PurposeRule.TryParse(text, out PurposeRule? rule))
            {
                return "must be auth, sshsig, sshsig:NAMESPACE, ca or unknown";
            }

            rules.Add(rule);
            return null;
        });
        return rules;
    }

    private ConfirmRule? ReadConfirm(ConfigurationNode value) =>
        _nodes.Text(value, "confirm", text =>
            text is "never" or "forwarded" or "always" ? null : "must be never, forwarded or always") switch
        {
            "never" => ConfirmRule.Never,
            "forwarded" => ConfirmRule.Forwarded,
            "always" => ConfirmRule.Always,
            _ => null,
        };

    // An entry that can fit no key would leave the key that is meant without its policy.
    private static string? WrongKey(string key)
    {
        if (key.StartsWith(KeyPolicies.FingerprintPrefix, StringComparison.Ordinal))
        {
            return IsFingerprint(key) ? null : $"\"{key}\" is no whole fingerprint as ssh-add -l prints it";
        }

        return key.Length == 0 || (key != KeyPolicies.AnyKey && key.Contains('*', StringComparison.Ordinal))
            ? $"\"{key}\" must be the name of one key, a fingerprint, or * for every key"
            : null;
    }

    private static string? WrongHost(string text) =>
        text.Length == 0 || text[0] == '!' || text.AsSpan().IndexOfAny(", \t") >= 0
            ? "must be one host name, which may have * and ? in it"
            : null;

    private static string? WrongIfEmpty(string text) => text.Length == 0 ? "must not be empty" : null;
}
