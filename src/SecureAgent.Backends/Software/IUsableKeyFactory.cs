using SecureAgent.Core;
using SecureAgent.Wire;

namespace SecureAgent.Backends.Software;

/// <summary>Makes usable keys with one library of cryptography.</summary>
internal interface IUsableKeyFactory
{
    /// <summary>Makes the usable form of <paramref name="key"/>.</summary>
    /// <param name="key">RSA, ECDSA, Ed25519 or their composite with ML-DSA.</param>
    /// <param name="encoded">The private half as <see cref="PrivateKeyEncoding"/> writes it. It may be
    /// overwritten.</param>
    /// <exception cref="BackendException">The library takes these numbers for no key.</exception>
    IUsableKey Load(PublicKey key, Span<byte> encoded);
}
