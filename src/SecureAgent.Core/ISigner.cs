using SecureAgent.Wire;

namespace SecureAgent.Core;

/// <summary>Makes raw signatures with one private key. Core alone writes SSH encodings.</summary>
public interface ISigner
{
    /// <summary>Signs <paramref name="data"/>.</summary>
    /// <param name="algorithm">One of the algorithms of the identity's key type.</param>
    /// <param name="data">The unhashed bytes from SSH_AGENTC_SIGN_REQUEST, at most 256 KiB.</param>
    /// <param name="who">For whom: shown where a PIN or a touch is asked for.</param>
    /// <param name="ct">Cancelled when the client has gone or a deadline passed.</param>
    /// <returns>ECDSA: r‖s, each ⌈field bits/8⌉ bytes, big-endian, left-padded. RSA: modulus-length PKCS#1 v1.5 block.
    /// Ed25519: 64 bytes. A security key: <see cref="SkSignature"/>. The caller owns the array.</returns>
    /// <exception cref="BackendException">The device refused, is locked out or has gone; nothing was
    /// signed.</exception>
    ValueTask<byte[]> SignAsync(
        SignatureAlgorithm algorithm, ReadOnlyMemory<byte> data, SignContext who, CancellationToken ct);
}
