namespace SecureAgent.Core;

/// <summary>A place where keys live: the TPM, tokens, a store, memory.</summary>
public interface IKeyBackend
{
    /// <summary>Short lower-case name for logs and listings, such as <c>tpm</c>.</summary>
    string Name { get; }

    /// <summary>The identities known now, in the order to list them. Never blocks, never prompts, never talks to a
    /// device; returns the same list until something changed.</summary>
    IReadOnlyList<Identity> Snapshot();

    /// <summary>Raised after <see cref="Snapshot"/> began to return another list.</summary>
    event EventHandler? Changed;

    /// <summary>Zeroes cached PINs and passphrases; the agent calls it when it is locked.</summary>
    void DropSecrets();
}
