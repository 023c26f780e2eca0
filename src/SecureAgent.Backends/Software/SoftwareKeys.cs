using System.Security.Cryptography;
using SecureAgent.Core;
using SecureAgent.Wire;

namespace SecureAgent.Backends.Software;

/// <summary>Keys that clients added. At rest each is encrypted under a large random secret in locked memory; its usable
/// form is made at its first signature, is kept while the key is in use, and is dropped some seconds after the last
/// one.</summary>
public sealed class SoftwareKeys : ISoftwareKeys, IDisposable
{
    /// <summary>The smallest RSA modulus that is taken.</summary>
    public const int MinRsaModulusBits = 2048;

    private readonly ISecretMemory _memory;
    private readonly IUsableKeyFactory _factory;
    private readonly KeyShield _shield;
    private readonly UsableKeys _usable;

    /// <summary>Signs with OpenSSL where it is, else with what .NET offers.</summary>
    /// <param name="memory">Where secrets live.</param>
    /// <param name="time">Tells when a key has been idle.</param>
    public SoftwareKeys(ISecretMemory memory, TimeProvider time)
        : this(memory, time, LibCrypto.IsAvailable ? new OpenSslKeyFactory() : new PlatformKeyFactory(memory))
    {
    }

    /// <summary>Signs with the keys of <paramref name="factory"/>.</summary>
    internal SoftwareKeys(ISecretMemory memory, TimeProvider time, IUsableKeyFactory factory)
    {
        ArgumentNullException.ThrowIfNull(memory);
        ArgumentNullException.ThrowIfNull(time);
        (_memory, _factory) = (memory, factory);
        _shield = new KeyShield(memory);
        _usable = new UsableKeys(time, _shield, factory);
    }

    /// <inheritdoc/>
    public IHeldKey Hold(PrivateKey key)
    {
        ArgumentNullException.ThrowIfNull(key);
        using Secret encoded = PrivateKeyEncoding.Encode(key, _memory);
        ShieldedKey shielded = _shield.Seal(encoded.Span);
        RequirePair(key.PublicKey, encoded.Span);
        return new SoftwareKey(key.PublicKey, shielded, _usable);
    }

    /// <inheritdoc/>
    public void Shield() => _usable.DropAll();

    /// <summary>Zeroes the secret under which all keys are encrypted, and their usable forms.</summary>
    public void Dispose()
    {
        _usable.Dispose();
        _shield.Dispose();
    }

    /// <summary>A signature that the public half verifies is the proof that the halves belong together.</summary>
    private void RequirePair(PublicKey key, Span<byte> encoded)
    {
        SignatureAlgorithm algorithm = SignatureAlgorithm.For(key, SignatureFlags.SSH_AGENT_RSA_SHA2_256);
        Span<byte> challenge = stackalloc byte[32];
        RandomNumberGenerator.Fill(challenge);
        using IUsableKey usable = _factory.Load(key, encoded);
        if (!SignatureVerifier.Verify(key, algorithm, challenge, usable.Sign(algorithm, challenge)))
        {
            throw PrivateKeyEncoding.Mismatch(key);
        }
    }
}
