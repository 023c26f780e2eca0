using System.Security.Cryptography;
using SecureAgent.Core;
using SecureAgent.Wire;

namespace SecureAgent.Backends.Software;

/// <summary>Signs with both halves of <see cref="MlDsa44Ed25519"/>: ML-DSA of .NET, one thread at a time, and an Ed25519
/// key of whatever library makes those.</summary>
internal sealed class CompositeKey : IUsableKey
{
    private readonly Lock _gate = new();
    private readonly MLDsa _mlDsa;
    private readonly IUsableKey _ed25519;
    private bool _disposed;

    /// <summary>Makes the first half, and takes over the second.</summary>
    /// <param name="seed">That of ML-DSA-44.</param>
    /// <param name="ed25519">The second half.</param>
    /// <exception cref="CryptographicException">The platform refused; <paramref name="ed25519"/> is disposed.</exception>
    public CompositeKey(ReadOnlySpan<byte> seed, IUsableKey ed25519)
    {
        _ed25519 = ed25519;
        try
        {
            _mlDsa = MLDsa.ImportMLDsaPrivateSeed(MLDsaAlgorithm.MLDsa44, seed);
        }
        catch
        {
            ed25519.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public byte[] Sign(SignatureAlgorithm algorithm, ReadOnlySpan<byte> data)
    {
        byte[] representative = MlDsa44Ed25519.Representative(data);
        byte[] signature = new byte[MlDsa44Ed25519.SignatureSizeBytes];
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            try
            {
                _mlDsa.SignData(
                    representative, signature.AsSpan(0, MlDsa44Ed25519.MlDsa44SignatureBytes), MlDsa44Ed25519.Label);
            }
            catch (CryptographicException exception)
            {
                throw new BackendException("Nothing was signed: the platform refused.", exception);
            }

            _ed25519.Sign(SignatureAlgorithm.SshEd25519, representative)
                .CopyTo(signature, MlDsa44Ed25519.MlDsa44SignatureBytes);
        }

        return signature;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (_gate)
        {
            _disposed = true;
            _mlDsa.Dispose();
            _ed25519.Dispose();
        }
    }
}
