using System.Security.Cryptography;
using SecureAgent.Core;
using SecureAgent.Wire;

namespace SecureAgent.Backends.Software;

/// <summary>Makes keys of .NET's classes, and of <see cref="Ed25519"/>, for systems without OpenSSL 3. Their memory is
/// the platform's, which keeps private numbers on ordinary heaps while a key is usable.</summary>
internal sealed class PlatformKeyFactory : IUsableKeyFactory
{
    private readonly ISecretMemory _memory;

    /// <summary>Keeps Ed25519 seeds in <paramref name="memory"/>.</summary>
    public PlatformKeyFactory(ISecretMemory memory) => _memory = memory;

    /// <inheritdoc/>
    public IUsableKey Load(PublicKey key, Span<byte> encoded)
    {
        try
        {
            return key switch
            {
                RsaPublicKey rsa => LoadRsa(rsa, encoded),
                EcdsaPublicKey ecdsa => LoadEcdsa(ecdsa, encoded),
                Ed25519PublicKey => LoadEd25519(encoded),
                MlDsa44Ed25519PublicKey => new CompositeKey(
                    encoded[..MlDsa44Ed25519.SeedSizeBytes],
                    LoadEd25519(encoded[MlDsa44Ed25519.SeedSizeBytes..])),
                _ => throw new ArgumentException("Not a type that is encoded here.", nameof(key)),
            };
        }
        catch (CryptographicException exception)
        {
            throw new BackendException($"The platform does not take the key {key}. The key file is damaged; restore it "
                + "from a backup.", exception);
        }
    }

    private static PlatformKey LoadRsa(RsaPublicKey key, Span<byte> encoded)
    {
        RsaPrivateNumbers numbers = new(encoded, key.Modulus.Length);
        RSAParameters parameters = new()
        {
            Modulus = key.Modulus.ToArray(),
            Exponent = key.Exponent.ToArray(),
            D = Pinned(numbers.D),
            P = Pinned(numbers.P),
            Q = Pinned(numbers.Q),
            DP = Pinned(numbers.ExponentP),
            DQ = Pinned(numbers.ExponentQ),
            InverseQ = Pinned(numbers.InverseQ),
        };
        try
        {
#pragma warning disable CA2000 // The key owns it.
            RSA rsa = RSA.Create(parameters);
#pragma warning restore CA2000
            return new PlatformKey(rsa, (data, algorithm) =>
                rsa.SignData(data, algorithm.Hash!.Value, RSASignaturePadding.Pkcs1)); // RSA algorithms have a hash.
        }
        finally
        {
            Zero(parameters.D, parameters.P, parameters.Q, parameters.DP, parameters.DQ, parameters.InverseQ);
        }
    }

    private static PlatformKey LoadEcdsa(EcdsaPublicKey key, ReadOnlySpan<byte> scalar)
    {
        ECParameters parameters = new()
        {
            Curve = key.Curve.Parameters,
            Q = new ECPoint { X = key.X.ToArray(), Y = key.Y.ToArray() },
            D = Pinned(scalar),
        };
        try
        {
#pragma warning disable CA2000 // The key owns it.
            ECDsa ecdsa = ECDsa.Create(parameters);
#pragma warning restore CA2000
            return new PlatformKey(ecdsa, (data, _) =>
                ecdsa.SignData(data, key.Curve.Hash, DSASignatureFormat.IeeeP1363FixedFieldConcatenation));
        }
        finally
        {
            Zero(parameters.D);
        }
    }

    // The public key is computed here, so that a wrong one cannot leak the seed.
    private PlatformKey LoadEd25519(ReadOnlySpan<byte> encoded)
    {
        Secret seed = _memory.Allocate(encoded.Length);
        encoded.CopyTo(seed.Span);
        byte[] publicKey = Ed25519.PublicKeyOf(encoded);
        return new PlatformKey(seed, (data, _) => Ed25519.Sign(seed.Span, publicKey, data));
    }

    private static byte[] Pinned(ReadOnlySpan<byte> secret)
    {
        byte[] copy = GC.AllocateUninitializedArray<byte>(secret.Length, pinned: true);
        secret.CopyTo(copy);
        return copy;
    }

    private static void Zero(params ReadOnlySpan<byte[]?> secrets)
    {
        foreach (byte[]? secret in secrets)
        {
            CryptographicOperations.ZeroMemory(secret);
        }
    }
}
