using SecureAgent.Wire;

namespace SecureAgent.Core;

/// <summary>Which hosts a host key belongs to, as the user's known_hosts files tell.</summary>
public interface IHostNames
{
    /// <summary>The names under which <paramref name="hostKey"/> is known, for prompts and logs; empty if it is not, or
    /// only under hashed names.</summary>
    /// <param name="hostKey">A host key or host certificate.</param>
    IReadOnlyList<string> NamesOf(KeyBlob hostKey);

    /// <summary>Whether <paramref name="hostKey"/> is known for a host that <paramref name="pattern"/> names.</summary>
    /// <param name="hostKey">A host key or host certificate.</param>
    /// <param name="pattern">A host name as in ssh_config(5), "PATTERNS": with <c>*</c> and <c>?</c>, or plain, which
    /// also finds hashed entries.</param>
    bool Matches(KeyBlob hostKey, string pattern);
}
