namespace SecureAgent.HwSim.Piv;

/// <summary>An Ed25519 key, which signs, or an X25519 key, which agrees.</summary>
internal sealed class Curve25519PivKey : PivKey
{
    // SubjectPublicKeyInfo up to the key (RFC 8410): 1.3.101.112 and 1.3.101.110.
    private static readonly byte[] Ed25519Prefix = Convert.FromHexString("302A300506032B6570032100");
    private static readonly byte[] X25519Prefix = Convert.FromHexString("302A300506032B656E032100");

    private readonly byte[] _public;

    /// <summary>Takes a seed or a private key of 32 bytes.</summary>
    public Curve25519PivKey(PivAlgorithm algorithm, byte[] privateKey)
    {
        Algorithm = algorithm;
        PrivateBytes = privateKey;
        _public = algorithm == PivAlgorithm.Ed25519
            ? Curve25519.EdPublicKey(privateKey)
            : Curve25519.XPublicKey(privateKey);
    }

    /// <inheritdoc/>
    public override PivAlgorithm Algorithm { get; }

    /// <inheritdoc/>
    public override byte[] PublicTemplate => Tlv.Write(PointTag, _public);

    /// <inheritdoc/>
    public override byte[] SubjectPublicKeyInfo =>
        [.. Algorithm == PivAlgorithm.Ed25519 ? Ed25519Prefix : X25519Prefix, .. _public];

    /// <inheritdoc/>
    public override byte[] PrivateBytes { get; }

    /// <summary>The signature of a whole message.</summary>
    public override byte[] Sign(byte[] challenge)
    {
        CardError.Unless(Algorithm == PivAlgorithm.Ed25519, StatusWord.WrongData);
        return Curve25519.EdSign(PrivateBytes, _public, challenge);
    }

    /// <inheritdoc/>
    public override byte[] Agree(byte[] peer)
    {
        CardError.Unless(Algorithm == PivAlgorithm.X25519 && peer.Length == Curve25519.Size, StatusWord.WrongData);
        return Curve25519.XAgree(PrivateBytes, peer);
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
    }
}
