namespace SecureAgent.Core;

/// <summary>What SSH_AGENTC_ADD_SMARTCARD_KEY and SSH_AGENTC_REMOVE_SMARTCARD_KEY reach: modules that bring the keys of
/// a token, such as PKCS#11 modules.</summary>
public interface ITokenProviders
{
    /// <summary>Loads the module and reads the keys of its tokens. One that is loaded already is read again.</summary>
    /// <param name="provider">What the client named, for OpenSSH the path of a module.</param>
    /// <param name="pin">The PIN in UTF-8; empty if the client gave none. The caller zeroes it.</param>
    /// <param name="ct">Cancelled when the client has gone.</param>
    /// <returns>The module's canonical name, and its keys in the order to list them. The constraints of the request are
    /// attached by Core.</returns>
    /// <exception cref="BackendException">The module is not allowed or not usable; the message says why.</exception>
    ValueTask<TokenKeys> AddAsync(string provider, ReadOnlyMemory<byte> pin, CancellationToken ct);

    /// <summary>Ends the use of a module.</summary>
    /// <returns>The module's canonical name.</returns>
    /// <exception cref="BackendException">It is not loaded, or there is no such module.</exception>
    ValueTask<string> RemoveAsync(string provider, CancellationToken ct);

    /// <summary>Zeroes cached PINs; the agent calls it when it is locked.</summary>
    void DropSecrets();
}
