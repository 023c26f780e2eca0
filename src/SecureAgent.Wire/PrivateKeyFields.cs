namespace SecureAgent.Wire;

/// <summary>Reads the fields of a private key as SSH_AGENTC_ADD_IDENTITY and OpenSSH's key files hold them
/// (RFC 9987, "Adding keys to the agent"):
/// <code>
/// ssh-rsa        string type; mpint n, e, d, iqmp, p, q     or: string type, certificate; mpint d, iqmp, p, q
/// ecdsa-sha2-*   string type, curve, Q; mpint d             or: string type, certificate; mpint d
/// ssh-ed25519    string type, key, seed and key             or: string type, certificate, key, seed and key
/// sk-ecdsa       string type, curve, Q, sk fields           or: string type, certificate, sk fields
/// sk-ed25519     string type, key, sk fields                or: string type, certificate, key, sk fields
/// mldsa44        string type, key, seeds                    or: string type, certificate, seeds
/// sk fields      string application; byte flags; string key handle, reserved
/// </code></summary>
internal static class PrivateKeyFields
{
    /// <summary>Passes over a private key, to find what stands behind it.</summary>
    /// <exception cref="WireFormatException">The type is not known, or a field is cut off.</exception>
    public static void Skip(ref WireReader reader)
    {
        string type = reader.ReadUtf8("key type", WireLimits.MaxNameBytes);
        string? certified = CertificateKeyType.PlainTypeOf(type);
        bool plain = certified is null;
        string shape = (certified ?? type) switch
        {
            RsaPublicKey.TypeName => plain ? "ssssss" : "sssss",
            "ecdsa-sha2-nistp256" or "ecdsa-sha2-nistp384" or "ecdsa-sha2-nistp521" => plain ? "sss" : "ss",
            Ed25519PublicKey.TypeName => plain ? "ss" : "sss",
            SkEcdsaPublicKey.TypeName => plain ? "sssbss" : "ssbss",
            SkEd25519PublicKey.TypeName => plain ? "ssbss" : "sssbss",
            MlDsa44Ed25519PublicKey.TypeName => "ss",
            _ => throw new WireFormatException("key type: not one that is known here"),
        };
        foreach (char field in shape)
        {
            if (field == 's')
            {
                _ = reader.ReadString("private key field");
            }
            else
            {
                _ = reader.ReadByte("private key field");
            }
        }
    }

    /// <summary>Reads a private key into buffers of its own.</summary>
    /// <exception cref="WireFormatException">A field does not parse, or two fields contradict each other.</exception>
    public static PrivateKey Read(ref WireReader reader)
    {
        string type = reader.ReadUtf8("key type", WireLimits.MaxNameBytes);
        string? certified = CertificateKeyType.PlainTypeOf(type);
        Certificate? certificate = null;
        if (certified is not null)
        {
            // Copied: the key outlives the message that brought it.
            certificate = Certificate.Decode(new KeyBlob(reader.ReadString("certificate").ToArray()));
            if (certificate.KeyType != type)
            {
                throw new WireFormatException("certificate: of another type than the private key");
            }
        }

        return (certified ?? type) switch
        {
            RsaPublicKey.TypeName => ReadRsa(ref reader, certificate),
            Ed25519PublicKey.TypeName => ReadEd25519(ref reader, certificate),
            SkEcdsaPublicKey.TypeName => ReadSkEcdsa(ref reader, certificate),
            SkEd25519PublicKey.TypeName => ReadSkEd25519(ref reader, certificate),
            MlDsa44Ed25519PublicKey.TypeName => ReadMlDsa(ref reader, certificate),
            "ecdsa-sha2-nistp256" or "ecdsa-sha2-nistp384" or "ecdsa-sha2-nistp521" =>
                ReadEcdsa(ref reader, certificate, certified ?? type),
            _ => throw new WireFormatException("key type: not one that is known here"),
        };
    }

    private static RsaPrivateKey ReadRsa(ref WireReader reader, Certificate? certificate)
    {
        RsaPublicKey? publicKey = (RsaPublicKey?)certificate?.PublicKey;
        if (publicKey is null)
        {
            byte[] n = reader.ReadMpint("RSA n").ToArray();
            byte[] e = reader.ReadMpint("RSA e").ToArray();
            publicKey = new RsaPublicKey(e, n);
        }

        ReadOnlySpan<byte> d = reader.ReadMpint("RSA d");
        ReadOnlySpan<byte> inverseQ = reader.ReadMpint("RSA iqmp");
        ReadOnlySpan<byte> p = reader.ReadMpint("RSA p");
        ReadOnlySpan<byte> q = reader.ReadMpint("RSA q");
        return new RsaPrivateKey(publicKey, certificate, d, p, q, inverseQ);
    }

    private static EcdsaPrivateKey ReadEcdsa(ref WireReader reader, Certificate? certificate, string type)
    {
        EcdsaPublicKey publicKey = (EcdsaPublicKey?)certificate?.PublicKey ?? ReadEcdsaPublic(ref reader);
        if (publicKey.KeyType != type)
        {
            throw new WireFormatException($"ECDSA curve: {publicKey.Curve.Name} in a key of type {type}");
        }

        return new EcdsaPrivateKey(
            publicKey, certificate, reader.ReadMpint("ECDSA d", publicKey.Curve.FieldBytes * 8));
    }

    private static EcdsaPublicKey ReadEcdsaPublic(ref WireReader reader)
    {
        EcdsaCurve curve = EcdsaCurve.FromName(reader.ReadString("ECDSA curve", WireLimits.MaxNameBytes))
            ?? throw new WireFormatException("ECDSA curve: not nistp256, nistp384 or nistp521");
        return new EcdsaPublicKey(curve, reader.ReadString("ECDSA point").ToArray());
    }

    private static Ed25519PrivateKey ReadEd25519(ref WireReader reader, Certificate? certificate)
    {
        byte[] key = reader.ReadString("Ed25519 key").ToArray();
        ReadOnlySpan<byte> seedAndKey = reader.ReadString("Ed25519 private key");
        if (seedAndKey.Length != 64 || !seedAndKey[32..].SequenceEqual(key))
        {
            throw new WireFormatException("Ed25519 private key: not a seed and the public key");
        }

        Ed25519PublicKey publicKey = new(key);
        if (certificate is not null && certificate.PublicKey != publicKey)
        {
            throw new WireFormatException("certificate: of another key than the private key");
        }

        return new Ed25519PrivateKey(publicKey, certificate, seedAndKey[..32]);
    }

    private static SkPrivateKey ReadSkEcdsa(ref WireReader reader, Certificate? certificate)
    {
        byte[]? point = null;
        if (certificate is null)
        {
            if (!reader.ReadString("ECDSA curve").SequenceEqual("nistp256"u8))
            {
                throw new WireFormatException("ECDSA curve: not nistp256");
            }

            point = reader.ReadString("ECDSA point").ToArray();
        }

        string application = PublicKeyFields.ReadApplication(ref reader);
        SkEcdsaPublicKey publicKey = point is null
            ? (SkEcdsaPublicKey)certificate!.PublicKey // No point was read because there is a certificate.
            : new SkEcdsaPublicKey(point, application);
        return ReadSk(ref reader, publicKey, certificate, publicKey.Application == application);
    }

    private static SkPrivateKey ReadSkEd25519(ref WireReader reader, Certificate? certificate)
    {
        byte[] key = reader.ReadString("Ed25519 key").ToArray();
        SkEd25519PublicKey publicKey = new(key, PublicKeyFields.ReadApplication(ref reader));
        return ReadSk(ref reader, publicKey, certificate, certificate is null || certificate.PublicKey == publicKey);
    }

    private static SkPrivateKey ReadSk(
        ref WireReader reader, PublicKey publicKey, Certificate? certificate, bool matches)
    {
        if (!matches)
        {
            throw new WireFormatException("certificate: of another key than the private key");
        }

        byte flags = reader.ReadByte("security key flags");
        ReadOnlySpan<byte> handle = reader.ReadString("security key handle");
        _ = reader.ReadString("security key reserved");
        return new SkPrivateKey(publicKey, certificate, flags, handle);
    }

    private static MlDsa44Ed25519PrivateKey ReadMlDsa(ref WireReader reader, Certificate? certificate)
    {
        MlDsa44Ed25519PublicKey publicKey = (MlDsa44Ed25519PublicKey?)certificate?.PublicKey
            ?? new MlDsa44Ed25519PublicKey(reader.ReadString("ML-DSA-44 Ed25519 key").ToArray());
        return new MlDsa44Ed25519PrivateKey(
            publicKey, certificate, reader.ReadString("ML-DSA-44 Ed25519 seeds"));
    }
}
