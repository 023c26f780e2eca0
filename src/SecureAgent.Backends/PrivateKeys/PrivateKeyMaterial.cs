using System.Security.Cryptography;

namespace SecureAgent.Backends.PrivateKeys;

/// <summary>A private key on its way into hardware. It prints nothing, and disposing zeroes it.</summary>
internal sealed class PrivateKeyMaterial : IDisposable
{
    private readonly IDisposable? _owner;

    /// <summary>Takes an ECDSA key with Curve, Q and D.</summary>
    public PrivateKeyMaterial(ECParameters ecdsa, string? comment = null, IDisposable? owner = null) =>
        (Ecdsa, Comment, _owner) = (ecdsa, comment, owner);

    /// <summary>Takes an RSA key with Modulus, Exponent and P at least.</summary>
    public PrivateKeyMaterial(RSAParameters rsa, string? comment = null, IDisposable? owner = null) =>
        (Rsa, Comment, _owner) = (rsa, comment, owner);

    /// <summary>Takes the 32 bytes of an Ed25519 seed.</summary>
    public PrivateKeyMaterial(byte[] ed25519Seed, string? comment = null, IDisposable? owner = null) =>
        (Ed25519Seed, Comment, _owner) = (ed25519Seed, comment, owner);

    /// <summary>The key, if it is an ECDSA one.</summary>
    public ECParameters? Ecdsa { get; }

    /// <summary>The key, if it is an RSA one.</summary>
    public RSAParameters? Rsa { get; }

    /// <summary>The seed, if it is an Ed25519 key.</summary>
    public byte[]? Ed25519Seed { get; }

    /// <summary>The comment that its file had, if any.</summary>
    public string? Comment { get; }

    /// <summary>Zeroes the key.</summary>
    public void Dispose()
    {
        CryptographicOperations.ZeroMemory(Ed25519Seed);
        CryptographicOperations.ZeroMemory(Ecdsa?.D);
        if (Rsa is RSAParameters rsa)
        {
            foreach (byte[]? secret in (ReadOnlySpan<byte[]?>)[rsa.D, rsa.P, rsa.Q, rsa.DP, rsa.DQ, rsa.InverseQ])
            {
                CryptographicOperations.ZeroMemory(secret);
            }
        }

        _owner?.Dispose();
    }
}
