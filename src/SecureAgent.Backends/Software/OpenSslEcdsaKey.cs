using System.Security.Cryptography;
using SecureAgent.Core;
using SecureAgent.Wire;

namespace SecureAgent.Backends.Software;

/// <summary>Signs with an ECDSA key of OpenSSL, which writes r and s as DER. The contexts are kept for the next
/// signature: making one takes a fifth of the time of a P-256 signature.</summary>
internal sealed unsafe class OpenSslEcdsaKey : IUsableKey
{
    private const int LongestDerBytes = 3 + (2 * (2 + 67)); // P-521: two numbers of 66 bytes and a sign byte each.

    private readonly Lock _gate = new();
    private readonly Stack<EvpContextHandle> _idle = new();
    private readonly EvpKeyHandle _key;
    private readonly EcdsaCurve _curve;
    private bool _disposed;

    /// <summary>Takes over an EVP_PKEY on <paramref name="curve"/>.</summary>
    public OpenSslEcdsaKey(nint key, EcdsaCurve curve)
    {
        _key = new EvpKeyHandle(key);
        _curve = curve;
    }

    /// <inheritdoc/>
    public byte[] Sign(SignatureAlgorithm algorithm, ReadOnlySpan<byte> data)
    {
        Span<byte> digest = stackalloc byte[SHA512.HashSizeInBytes];
        digest = digest[..CryptographicOperations.HashData(_curve.Hash, data, digest)];
        Span<byte> der = stackalloc byte[LongestDerBytes];
#pragma warning disable CA2000 // It is given back, or disposed there.
        EvpContextHandle context = Take();
#pragma warning restore CA2000
        try
        {
            return FromDer(der[..Sign(context, digest, der)]);
        }
        finally
        {
            GiveBack(context);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (_gate)
        {
            _disposed = true;
            while (_idle.TryPop(out EvpContextHandle? context))
            {
                context.Dispose();
            }

            _key.Dispose();
        }
    }

    private static int Sign(EvpContextHandle context, ReadOnlySpan<byte> digest, Span<byte> der)
    {
        nuint length = (nuint)der.Length;
        fixed (byte* digestStart = digest, derStart = der)
        {
            return LibCrypto.EVP_PKEY_sign(context, derStart, ref length, digestStart, (nuint)digest.Length) == 1
                ? (int)length
                : throw new BackendException("Nothing was signed.", LibCrypto.Failed("EVP_PKEY_sign"));
        }
    }

    private EvpContextHandle Take()
    {
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            if (_idle.TryPop(out EvpContextHandle? idle))
            {
                return idle;
            }

            EvpContextHandle made = new(LibCrypto.EVP_PKEY_CTX_new_from_pkey(0, _key, null));
            if (made.IsInvalid || LibCrypto.EVP_PKEY_sign_init(made) != 1)
            {
                made.Dispose();
                throw new BackendException("Nothing was signed.", LibCrypto.Failed("EVP_PKEY_sign_init"));
            }

            return made;
        }
    }

    /// <summary>Keeps a context; after the end of the key the last one zeroes it.</summary>
    private void GiveBack(EvpContextHandle context)
    {
        lock (_gate)
        {
            if (_disposed || _idle.Count >= Environment.ProcessorCount)
            {
                context.Dispose();
            }
            else
            {
                _idle.Push(context);
            }
        }
    }

    /// <summary>Reads SEQUENCE { INTEGER r, INTEGER s }.</summary>
    private byte[] FromDer(ReadOnlySpan<byte> der)
    {
        byte[] signature = new byte[2 * _curve.FieldBytes];
        ReadOnlySpan<byte> numbers = der[(der[1] < 0x80 ? 2 : 3)..]; // Past the header of the sequence.
        CopyNumber(ref numbers, signature.AsSpan(0, _curve.FieldBytes));
        CopyNumber(ref numbers, signature.AsSpan(_curve.FieldBytes));
        return signature;
    }

    /// <summary>Copies an INTEGER (tag, length, big-endian bytes) without its sign byte, padded on the left.</summary>
    private static void CopyNumber(ref ReadOnlySpan<byte> der, Span<byte> target)
    {
        ReadOnlySpan<byte> number = der.Slice(2, der[1]);
        der = der[(2 + number.Length)..];
        number = number.TrimStart((byte)0);
        number.CopyTo(target[^number.Length..]);
    }
}
