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

    /// <summary>The policy of <paramref name="identity"/>. A certificate has that of its key, whose fingerprint it
    /// shares.</summary>
    public KeyPolicy For(Identity identity)
    {
        KeyPolicyEntry entry = new();
        foreach (string name in NamesOf(identity))
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
    private static string[] NamesOf(Identity identity) =>
        identity.Comment.StartsWith(FingerprintPrefix, StringComparison.Ordinal)
            ? [identity.PublicKey.Fingerprint, AnyKey]
            : [identity.PublicKey.Fingerprint, identity.Comment, AnyKey];
}
