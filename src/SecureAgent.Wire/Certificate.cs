namespace SecureAgent.Wire;

/// <summary>An OpenSSH certificate (PROTOCOL.certkeys):
/// <code>
/// string type; string nonce; the fields of the public key
/// uint64 serial; uint32 type (1 user, 2 host); string key id; string principals; uint64 valid after, valid before
/// string critical options; string extensions; string reserved; string signature key; string signature
/// </code>
/// Only its form is checked: the signature and the validity are the verifier's to check.</summary>
public sealed record Certificate
{
    /// <summary>The type of user certificates.</summary>
    public const uint UserType = 1;

    /// <summary>The type of host certificates.</summary>
    public const uint HostType = 2;

    private Certificate(KeyBlob blob, PublicKey publicKey) => (Blob, PublicKey) = (blob, publicKey);

    /// <summary>The whole certificate; without its signature if it was read as <see cref="ToBeSigned"/>.</summary>
    public KeyBlob Blob { get; }

    /// <summary>The key that it certifies.</summary>
    public PublicKey PublicKey { get; }

    /// <summary>Its key type, such as <c>ssh-ed25519-cert-v01@openssh.com</c>.</summary>
    public string KeyType => CertificateKeyType.Of(PublicKey.KeyType);

    /// <summary>Random bytes of the signer.</summary>
    public ReadOnlyMemory<byte> Nonce { get; private init; }

    /// <summary>Serial number that the signer gave.</summary>
    public ulong Serial { get; private init; }

    /// <summary><see cref="UserType"/> or <see cref="HostType"/>.</summary>
    public uint Type { get; private init; }

    /// <summary>Name that the signer gave, for logs.</summary>
    public string KeyId { get; private init; } = "";

    /// <summary>User or host names it is good for; none means any.</summary>
    public IReadOnlyList<string> ValidPrincipals { get; private init; } = [];

    /// <summary>First second of validity, since 1970.</summary>
    public ulong ValidAfter { get; private init; }

    /// <summary>First second after validity, since 1970; all ones means for ever.</summary>
    public ulong ValidBefore { get; private init; }

    /// <summary>Options that a verifier must understand; name and content, in the order of the certificate.</summary>
    public IReadOnlyList<KeyValuePair<string, ReadOnlyMemory<byte>>> CriticalOptions { get; private init; } = [];

    /// <summary>Options that a verifier may ignore; name and content, in the order of the certificate.</summary>
    public IReadOnlyList<KeyValuePair<string, ReadOnlyMemory<byte>>> Extensions { get; private init; } = [];

    /// <summary>The key that signed it. Never a certificate.</summary>
    public PublicKey SignatureKey { get; private init; } = null!; // Set by Read, the only way to make one.

    /// <summary>Signature blob over <see cref="ToBeSigned"/>; empty if the certificate is not signed yet.</summary>
    public ReadOnlyMemory<byte> Signature { get; private init; }

    /// <summary>What is signed: everything before the signature.</summary>
    public ReadOnlyMemory<byte> ToBeSigned { get; private init; }

    /// <summary>Decodes a certificate. Nothing is copied.</summary>
    /// <exception cref="WireFormatException">It is none, or has bytes after its signature.</exception>
    public static Certificate Decode(KeyBlob blob) => Read(blob.Memory, signed: true);

    /// <summary>Decodes what a signer of certificates is asked to sign.</summary>
    /// <exception cref="WireFormatException">It is not a certificate that ends before its signature.</exception>
    public static Certificate DecodeToBeSigned(ReadOnlyMemory<byte> data) => Read(data, signed: false);

    /// <summary>Whether the blobs are equal.</summary>
    public bool Equals(Certificate? other) => other is not null && Blob == other.Blob;

    /// <inheritdoc/>
    public override int GetHashCode() => Blob.GetHashCode();

    private static Certificate Read(ReadOnlyMemory<byte> bytes, bool signed)
    {
        WireReader reader = new(bytes);
        string type = reader.ReadUtf8("certificate type", WireLimits.MaxNameBytes);
        string plainType = CertificateKeyType.PlainTypeOf(type)
            ?? throw new WireFormatException("certificate type: not one that is known here");
        ReadOnlyMemory<byte> nonce = reader.ReadStringMemory("certificate nonce");
        PublicKey publicKey = PublicKeyFields.Read(plainType, ref reader, default);
        ulong serial = reader.ReadUInt64("certificate serial");
        uint certificateType = reader.ReadUInt32("certificate kind");
        if (certificateType is not (UserType or HostType))
        {
            throw new WireFormatException("certificate kind: neither user nor host");
        }

        string keyId = reader.ReadUtf8("certificate key id", WireLimits.MaxMessageBytes);
        IReadOnlyList<string> principals = ReadPrincipals(reader.ReadString("certificate principals"));
        ulong validAfter = reader.ReadUInt64("certificate valid after");
        ulong validBefore = reader.ReadUInt64("certificate valid before");
        ReadOnlyMemory<byte> critical = reader.ReadStringMemory("certificate critical options");
        ReadOnlyMemory<byte> extensions = reader.ReadStringMemory("certificate extensions");
        _ = reader.ReadString("certificate reserved");
        PublicKey signatureKey = PublicKey.Decode(reader.ReadStringMemory("certificate signature key"));
        ReadOnlyMemory<byte> toBeSigned = bytes[..reader.Consumed];
        ReadOnlyMemory<byte> signature = signed ? reader.ReadStringMemory("certificate signature") : default;
        reader.RequireEnd("certificate");
        return new Certificate(new KeyBlob(bytes), publicKey)
        {
            Nonce = nonce,
            Serial = serial,
            Type = certificateType,
            KeyId = keyId,
            ValidPrincipals = principals,
            ValidAfter = validAfter,
            ValidBefore = validBefore,
            CriticalOptions = ReadOptions(critical, "certificate critical options"),
            Extensions = ReadOptions(extensions, "certificate extensions"),
            SignatureKey = signatureKey,
            Signature = signature,
            ToBeSigned = toBeSigned,
        };
    }

    private static List<string> ReadPrincipals(ReadOnlySpan<byte> bytes)
    {
        List<string> principals = [];
        WireReader reader = new(bytes);
        while (reader.Remaining > 0)
        {
            if (principals.Count == WireLimits.MaxCertificatePrincipals)
            {
                throw new WireFormatException(
                    $"certificate principals: more than {WireLimits.MaxCertificatePrincipals}");
            }

            principals.Add(reader.ReadUtf8("certificate principal", WireLimits.MaxMessageBytes));
        }

        return principals;
    }

    private static List<KeyValuePair<string, ReadOnlyMemory<byte>>> ReadOptions(
        ReadOnlyMemory<byte> bytes, string field)
    {
        List<KeyValuePair<string, ReadOnlyMemory<byte>>> options = [];
        WireReader reader = new(bytes);
        while (reader.Remaining > 0)
        {
            string name = reader.ReadUtf8(field, WireLimits.MaxMessageBytes);
            options.Add(new(name, reader.ReadStringMemory(field)));
        }

        return options;
    }
}
