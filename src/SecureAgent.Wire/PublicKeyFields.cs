namespace SecureAgent.Wire;

/// <summary>Reads the fields of a public key that follow its type. In a certificate the same fields stand between the
/// nonce and the serial number.</summary>
internal static class PublicKeyFields
{
    /// <summary>Reads the fields of <paramref name="type"/>.</summary>
    /// <param name="type">A plain key type.</param>
    /// <param name="reader">Stands after the type; is left after the last field.</param>
    /// <param name="blob">The blob that is being read if it is a plain one, kept as the key's; empty to encode
    /// anew.</param>
    /// <exception cref="WireFormatException">The fields do not parse, or the type is not known.</exception>
    public static PublicKey Read(string type, ref WireReader reader, ReadOnlyMemory<byte> blob)
    {
        switch (type)
        {
            case RsaPublicKey.TypeName:
                ReadOnlyMemory<byte> exponent = reader.ReadMpintMemory("RSA e");
                ReadOnlyMemory<byte> modulus = reader.ReadMpintMemory("RSA n");
                return new RsaPublicKey(exponent, modulus, Plain(blob));
            case "ecdsa-sha2-nistp256":
            case "ecdsa-sha2-nistp384":
            case "ecdsa-sha2-nistp521":
                (EcdsaCurve curve, ReadOnlyMemory<byte> point) = ReadPoint(ref reader);
                if (curve.KeyType != type)
                {
                    throw new WireFormatException($"ECDSA curve: {curve.Name} in a key of type {type}");
                }

                return new EcdsaPublicKey(curve, point, Plain(blob));
            case Ed25519PublicKey.TypeName:
                return new Ed25519PublicKey(reader.ReadStringMemory("Ed25519 key"), Plain(blob));
            case SkEcdsaPublicKey.TypeName:
                (EcdsaCurve skCurve, ReadOnlyMemory<byte> skPoint) = ReadPoint(ref reader);
                if (skCurve != EcdsaCurve.NistP256)
                {
                    throw new WireFormatException($"ECDSA curve: {skCurve.Name} in a key of type {type}");
                }

                return new SkEcdsaPublicKey(skPoint, ReadApplication(ref reader), Plain(blob));
            case SkEd25519PublicKey.TypeName:
                ReadOnlyMemory<byte> skKey = reader.ReadStringMemory("Ed25519 key");
                return new SkEd25519PublicKey(skKey, ReadApplication(ref reader), Plain(blob));
            case MlDsa44Ed25519PublicKey.TypeName:
                return new MlDsa44Ed25519PublicKey(reader.ReadStringMemory("ML-DSA-44 Ed25519 key"), Plain(blob));
            default:
                throw new WireFormatException("key type: not one that is known here");
        }
    }

    /// <summary>Reads a curve's name and a point.</summary>
    /// <exception cref="WireFormatException">The curve is not known.</exception>
    public static (EcdsaCurve Curve, ReadOnlyMemory<byte> Point) ReadPoint(ref WireReader reader)
    {
        EcdsaCurve curve = EcdsaCurve.FromName(reader.ReadString("ECDSA curve", WireLimits.MaxNameBytes))
            ?? throw new WireFormatException("ECDSA curve: not nistp256, nistp384 or nistp521");
        return (curve, reader.ReadStringMemory("ECDSA point"));
    }

    /// <summary>Reads the application of a security key, <c>ssh:</c> or a web origin.</summary>
    public static string ReadApplication(ref WireReader reader) =>
        reader.ReadUtf8("application", WireLimits.MaxMessageBytes);

    private static KeyBlob? Plain(ReadOnlyMemory<byte> blob) => blob.IsEmpty ? null : new KeyBlob(blob);
}
