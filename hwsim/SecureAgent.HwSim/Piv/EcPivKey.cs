using System.Security.Cryptography;

namespace SecureAgent.HwSim.Piv;

/// <summary>A key on P-256 or P-384: ECDSA and ECDH.</summary>
internal sealed class EcPivKey : PivKey
{
    private const byte Uncompressed = 4;

    private readonly ECDsa _key;
    private readonly int _size;

    /// <summary>Takes a key with its private part.</summary>
    public EcPivKey(PivAlgorithm algorithm, ECParameters parameters)
    {
        Algorithm = algorithm;
        _key = ECDsa.Create(parameters);
        _size = _key.KeySize / 8;
    }

    /// <inheritdoc/>
    public override PivAlgorithm Algorithm { get; }

    /// <inheritdoc/>
    public override byte[] PublicTemplate
    {
        get
        {
            ECPoint point = _key.ExportParameters(includePrivateParameters: false).Q;
            return Tlv.Write(PointTag, [Uncompressed], point.X!, point.Y!);
        }
    }

    /// <inheritdoc/>
    public override byte[] SubjectPublicKeyInfo => _key.ExportSubjectPublicKeyInfo();

    /// <inheritdoc/>
    public override byte[] PrivateBytes => _key.ExportECPrivateKey();

    /// <summary>The curve of <paramref name="algorithm"/>.</summary>
    public static ECCurve CurveOf(PivAlgorithm algorithm) =>
        algorithm == PivAlgorithm.EccP256 ? ECCurve.NamedCurves.nistP256 : ECCurve.NamedCurves.nistP384;

    /// <summary>Bytes of a coordinate.</summary>
    public static int SizeOf(PivAlgorithm algorithm) => algorithm == PivAlgorithm.EccP256 ? 32 : 48;

    /// <summary>ECDSA of a digest that is as long as a coordinate or shorter.</summary>
    public override byte[] Sign(byte[] challenge)
    {
        CardError.Unless(challenge.Length > 0 && challenge.Length <= _size, StatusWord.WrongData);
        return _key.SignHash(challenge, DSASignatureFormat.Rfc3279DerSequence);
    }

    /// <inheritdoc/>
    public override byte[] Agree(byte[] peer)
    {
        CardError.Unless(peer.Length == (2 * _size) + 1 && peer[0] == Uncompressed, StatusWord.WrongData);
        try
        {
            using ECDiffieHellman other = ECDiffieHellman.Create(new ECParameters
            {
                Curve = CurveOf(Algorithm),
                Q = new ECPoint { X = peer[1..(_size + 1)], Y = peer[(_size + 1)..] },
            });
            using ECDiffieHellman own = ECDiffieHellman.Create(_key.ExportParameters(includePrivateParameters: true));
            return own.DeriveRawSecretAgreement(other.PublicKey);
        }
        catch (CryptographicException)
        {
            throw new CardError(StatusWord.WrongData); // no point of the curve
        }
    }

    /// <inheritdoc/>
    public override void Dispose() => _key.Dispose();
}
