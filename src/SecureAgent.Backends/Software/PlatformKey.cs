using System.Security.Cryptography;
using SecureAgent.Core;
using SecureAgent.Wire;

namespace SecureAgent.Backends.Software;

/// <summary>Signs with an object of .NET, one thread at a time: its classes are not made for several.</summary>
internal sealed class PlatformKey : IUsableKey
{
    /// <summary>Signs data with an algorithm of the key.</summary>
    public delegate byte[] Signature(ReadOnlySpan<byte> data, SignatureAlgorithm algorithm);

    private readonly Lock _gate = new();
    private readonly IDisposable _key;
    private readonly Signature _sign;
    private bool _disposed;

    /// <summary>Takes over <paramref name="key"/>, with which <paramref name="sign"/> signs.</summary>
    public PlatformKey(IDisposable key, Signature sign) => (_key, _sign) = (key, sign);

    /// <inheritdoc/>
    public byte[] Sign(SignatureAlgorithm algorithm, ReadOnlySpan<byte> data)
    {
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            try
            {
                return _sign(data, algorithm);
            }
            catch (CryptographicException exception)
            {
                throw new BackendException("Nothing was signed: the platform refused.", exception);
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (_gate)
        {
            _disposed = true;
            _key.Dispose();
        }
    }
}
