using SecureAgent.Wire;

namespace SecureAgent.Core;

/// <summary>Signs with keys of security keys (FIDO) that a client added. What the client brings is a handle, which only
/// the security key can use, and the name of the library that speaks to it.</summary>
public interface ISecurityKeys
{
    /// <summary>Takes a copy of what a computer holds of a key.</summary>
    /// <param name="key">The key; the caller still disposes it.</param>
    /// <param name="provider">Path of the library, or <c>internal</c> for the one that OpenSSH has.</param>
    /// <returns>Signs as <see cref="SkSignature"/> lays out; disposing it zeroes the handle.</returns>
    /// <exception cref="BackendException">The library is not allowed, or security keys cannot be used on this machine;
    /// the message says why.</exception>
    IHeldKey Hold(SkPrivateKey key, string provider);
}
