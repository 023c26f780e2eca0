using SecureAgent.Core;

namespace SecureAgent.Cli.Configuration;

/// <summary>The policies of all keys. For each property the most specific entry that mentions it counts: the key's
/// fingerprint, then its name, then <c>*</c>.</summary>
internal sealed class KeyPolicies
{
    /// <summary>The entry of every key.</summary>
    public const string AnyKey = "*";

    /// <summary>What an entry for a fingerprint begins with.</summary>
    public const string FingerprintPrefix = "SHA256:";

    private readonly IReadOnlyDictionary<string, KeyPolicyEntry> _entries;

    /// <summary>Creates the policies.</summary>
    /// <param name="entries">By name, fingerprint or <see cref="AnyKey"/>.</param>
    public KeyPolicies(IReadOnlyDictionary<string, KeyPolicyEntry> entries) => _entries = entries;

    /// <summary>The policy of a key.</summary>
    /// <param name="fingerprint">Its fingerprint; for a certificate that of its key.</param>
    /// <param name="comment">Its comment.</param>
    public KeyPolicy For(string fingerprint, string comment)
    {
        KeyPolicyEntry entry = new();
        foreach (string name in NamesOf(fingerprint, comment))
        {
            if (_entries.TryGetValue(name, out KeyPolicyEntry? found))
            {
                entry = entry.Over(found);
            }
        }

        return new KeyPolicy
        {
            Purposes = entry.Purposes,
            Confirm = entry.Confirm ?? KeyPolicy.Default.Confirm,
            Hosts = entry.Hosts,
            Channels = entry.Channels,
            AllowRsaSha1 = entry.AllowRsaSha1 ?? KeyPolicy.Default.AllowRsaSha1,
        };
    }

    // Whoever adds a key chooses its comment: one that looks like a fingerprint must not borrow another key's policy.
    private static string[] NamesOf(string fingerprint, string comment) =>
        comment.StartsWith(FingerprintPrefix, StringComparison.Ordinal)
            ? [fingerprint, AnyKey]
            : [fingerprint, comment, AnyKey];
}
