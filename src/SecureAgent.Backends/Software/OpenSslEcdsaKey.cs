using SecureAgent.Wire;

namespace SecureAgent.Backends.Software;

/// <summary>Signs with an ECDSA key of OpenSSL, which writes r and s as DER.</summary>
internal sealed class OpenSslEcdsaKey : IUsableKey
{
    private const int LongestDerBytes = 3 + (2 * (2 + 67)); // P-521: two numbers of 66 bytes and a sign byte each.

    private readonly EvpKeyHandle _key;
    private readonly EcdsaCurve _curve;

    /// <summary>Takes over an EVP_PKEY on <paramref name="curve"/>.</summary>
    public OpenSslEcdsaKey(nint key, EcdsaCurve curve)
    {
        _key = new EvpKeyHandle(key);
        _curve = curve;
    }

    /// <inheritdoc/>
    public byte[] Sign(SignatureAlgorithm algorithm, ReadOnlySpan<byte> data)
    {
        Span<byte> der = stackalloc byte[LongestDerBytes];
        int length = OpenSslKey.Sign(_key, algorithm.Hash, data, der);
        byte[] signature = new byte[2 * _curve.FieldBytes];
        ReadOnlySpan<byte> numbers = der[..length];
        numbers = numbers[(numbers[1] < 0x80 ? 2 : 3)..]; // Past the header of the sequence.
        CopyNumber(ref numbers, signature.AsSpan(0, _curve.FieldBytes));
        CopyNumber(ref numbers, signature.AsSpan(_curve.FieldBytes));
        return signature;
    }

    /// <inheritdoc/>
    public void Dispose() => _key.Dispose();

    /// <summary>Copies an INTEGER (tag, length, big-endian bytes) without its sign byte, padded on the left.</summary>
    private static void CopyNumber(ref ReadOnlySpan<byte> der, Span<byte> target)
    {
        ReadOnlySpan<byte> number = der.Slice(2, der[1]);
        der = der[(2 + number.Length)..];
        number = number.TrimStart((byte)0);
        number.CopyTo(target[^number.Length..]);
    }
}
