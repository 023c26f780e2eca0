using System.Formats.Asn1;
using System.Security.Cryptography;
using System.Text;
using SecureAgent.Core;

namespace SecureAgent.Backends.Tpm;

/// <summary>A TPM 2.0 key file, <c>-----BEGIN TSS2 PRIVATE KEY-----</c>, as ssh-tpm-agent and the OpenSSL TPM 2.0
/// engines and providers read and write it.</summary>
/// <remarks>
/// "ASN.1 Specification for TPM 2.0 Key Files" (draft-bottomley-tpm2-keys), section 3.1:
/// <code>
/// TPMKey ::= SEQUENCE {
///   type        OBJECT IDENTIFIER,
///   emptyAuth   [0] EXPLICIT BOOLEAN OPTIONAL,
///   policy      [1] EXPLICIT SEQUENCE OF TPMPolicy OPTIONAL,
///   secret      [2] EXPLICIT OCTET STRING OPTIONAL,
///   authPolicy  [3] EXPLICIT SEQUENCE OF TPMAuthPolicy OPTIONAL,
///   description [4] EXPLICIT UTF8String OPTIONAL,
///   rsaParent   [5] EXPLICIT BOOLEAN OPTIONAL,
///   parent      INTEGER,
///   pubkey      OCTET STRING,
///   privkey     OCTET STRING }
/// TPMPolicy ::= SEQUENCE { CommandCode [0] EXPLICIT INTEGER, CommandPolicy [1] EXPLICIT OCTET STRING }
/// TPMAuthPolicy ::= SEQUENCE { Name [0] EXPLICIT UTF8String OPTIONAL, Policy [1] EXPLICIT SEQUENCE OF TPMPolicy }
/// </code>
/// The sequence has no extension marker, so a field that is not in it is refused: it could restrict the key in a way
/// that this reader would not honour. Reading is BER because writers encode TRUE as 0x01 and as 0xff; writing is DER.
/// </remarks>
public sealed record Tss2PrivateKeyFile
{
    /// <summary>TPM_RH_OWNER: the parent is made by TPM2_CreatePrimary in the owner hierarchy when the key is
    /// used.</summary>
    public const uint OwnerHierarchy = 0x40000001;

    /// <summary>Size in bytes above which a file is not looked at; the largest real ones are under 4 KiB.</summary>
    public const int MaximumFileBytes = 64 * 1024;

    private const string Label = "TSS2 PRIVATE KEY";
    private const string CommentPrefix = "Comment: ";
    private const string LoadableOid = "2.23.133.10.1.3";
    private const string ImportableOid = "2.23.133.10.1.4";
    private const string SealedOid = "2.23.133.10.1.5";
    private const string OldLoadableOid = "2.23.133.10.2";

    private static readonly UTF8Encoding StrictUtf8 = new(false, true);

    /// <summary>What the private half is.</summary>
    public required Tss2KeyType Type { get; init; }

    /// <summary>Whether the key's authValue is empty, so that no PIN is asked for. Absent in the file means it is
    /// not.</summary>
    public bool EmptyAuth { get; init; }

    /// <summary>Policy commands to replay in order before use; empty if the key has no policy.</summary>
    public IReadOnlyList<Tss2Policy> Policy { get; init; } = [];

    /// <summary>TPM2B_ENCRYPTED_SECRET for TPM2_Import, only in an <see cref="Tss2KeyType.Importable"/> file.</summary>
    public ReadOnlyMemory<byte>? Secret { get; init; }

    /// <summary>Signed alternatives for TPM2_PolicyAuthorize; empty if there are none.</summary>
    public IReadOnlyList<Tss2AuthPolicy> AuthPolicy { get; init; } = [];

    /// <summary>Text beside the key; <see langword="null"/> if the file has none. ssh-tpm-agent has the SSH comment
    /// here.</summary>
    public string? Description { get; init; }

    /// <summary>The SSH comment, on a line of its own before the PEM block; <see langword="null"/> if there is none.
    /// tpm2-openssl reads no file with a <see cref="Description"/>, and all readers skip text before the block (RFC
    /// 7468, section 2). No control characters, and no five dashes in a row.</summary>
    public string? Comment { get; init; }

    /// <summary>Whether a permanent <see cref="Parent"/> means the TCG RSA 2048 storage template and not ECC
    /// P-256.</summary>
    public bool RsaParent { get; init; }

    /// <summary>TPM handle of the parent: a hierarchy, 0x40000001 as a rule, or a persistent handle
    /// 0x81xxxxxx.</summary>
    public uint Parent { get; init; } = OwnerHierarchy;

    /// <summary>TPM2B_PUBLIC, with its size field.</summary>
    public required ReadOnlyMemory<byte> PublicKey { get; init; }

    /// <summary>TPM2B_PRIVATE, with its size field; encrypted by the parent.</summary>
    public required ReadOnlyMemory<byte> PrivateKey { get; init; }

    /// <summary>Reads the PEM text of a key file.</summary>
    /// <param name="pem">Content of the file.</param>
    /// <param name="fileName">What to call the file in an error.</param>
    /// <exception cref="BackendException">It is not such a file, or is damaged; the message names the file and what
    /// is wrong.</exception>
    public static Tss2PrivateKeyFile Parse(ReadOnlySpan<byte> pem, string fileName)
    {
        if (pem.Length > MaximumFileBytes)
        {
            throw Damaged(fileName, $"it has {pem.Length} bytes, more than any TPM key file");
        }

        string text = Encoding.Latin1.GetString(pem);
        if (!PemEncoding.TryFind(text, out PemFields fields))
        {
            throw Damaged(fileName, text.Contains($"-----BEGIN {Label}-----", StringComparison.Ordinal)
                ? $"it is cut short: the line -----END {Label}----- is missing or its base64 is broken"
                : $"it has no line -----BEGIN {Label}-----");
        }

        if (!text.AsSpan()[fields.Label].SequenceEqual(Label))
        {
            throw Damaged(
                fileName, $"it is a {text[fields.Label]} and not a {Label}; secure-agent key import moves such "
                + "a key into the TPM");
        }

        byte[] der = new byte[fields.DecodedDataLength];
        if (!Convert.TryFromBase64Chars(text.AsSpan()[fields.Base64Data], der, out int written)
            || written != der.Length)
        {
            throw Damaged(fileName, "its base64 is broken");
        }

        return Decode(der, fileName) with { Comment = ReadComment(pem[..fields.Location.Start.GetOffset(pem.Length)]) };
    }

    /// <summary>Reads the ASN.1 of a key file, without the PEM armour.</summary>
    /// <param name="der">One TPMKey; copied.</param>
    /// <param name="fileName">What to call the file in an error.</param>
    /// <exception cref="BackendException">It is damaged; the message names the file and what is wrong.</exception>
    public static Tss2PrivateKeyFile Decode(ReadOnlySpan<byte> der, string fileName)
    {
        try
        {
            AsnReader outer = new(der.ToArray(), AsnEncodingRules.BER);
            AsnReader key = outer.ReadSequence();
            outer.ThrowIfNotEmpty();
            Tss2PrivateKeyFile file = ReadKey(key, fileName);
            key.ThrowIfNotEmpty();
            return file;
        }
        catch (AsnContentException exception)
        {
            throw Damaged(fileName, "its ASN.1 does not read as a TPM key", exception);
        }
        catch (DecoderFallbackException exception)
        {
            throw Damaged(fileName, "its description is not UTF-8", exception);
        }
    }

    /// <summary>Writes the file: the comment if there is one, then PEM; LF line ends, a newline at the end.</summary>
    public byte[] Encode() => StrictUtf8.GetBytes(
        (Comment is null ? "" : CommentPrefix + Comment + "\n") + PemEncoding.WriteString(Label, EncodeDer()) + "\n");

    /// <summary>Writes the ASN.1 of the file as DER.</summary>
    public byte[] EncodeDer()
    {
        AsnWriter writer = new(AsnEncodingRules.DER);
        using (writer.PushSequence())
        {
            writer.WriteObjectIdentifier(Type switch
            {
                Tss2KeyType.Loadable => LoadableOid,
                Tss2KeyType.Importable => ImportableOid,
                Tss2KeyType.Sealed => SealedOid,
                _ => throw new InvalidOperationException($"No object identifier for {Type}."),
            });
            // False too: tpm2-openssl takes an absent field for true and then tries an empty PIN.
            WriteExplicit(writer, 0, true, () => writer.WriteBoolean(EmptyAuth));
            WriteExplicit(writer, 1, Policy.Count > 0, () => WritePolicies(writer, Policy));
            WriteExplicit(
                writer, 2, Secret is not null, () => writer.WriteOctetString(Secret.GetValueOrDefault().Span));
            WriteExplicit(writer, 3, AuthPolicy.Count > 0, () => WriteAuthPolicies(writer));
            WriteExplicit(writer, 4, Description is not null, () =>
                writer.WriteCharacterString(UniversalTagNumber.UTF8String, Description.AsSpan()));
            WriteExplicit(writer, 5, RsaParent, () => writer.WriteBoolean(true));
            writer.WriteInteger(Parent);
            writer.WriteOctetString(PublicKey.Span);
            writer.WriteOctetString(PrivateKey.Span);
        }

        return writer.Encode();
    }

    private static Tss2PrivateKeyFile ReadKey(AsnReader key, string fileName)
    {
        Tss2KeyType type = ReadType(key, fileName);
        bool emptyAuth = ReadExplicit(key, 0) is AsnReader empty && ReadLast(empty, empty.ReadBoolean());
        IReadOnlyList<Tss2Policy> policy = ReadExplicit(key, 1) is AsnReader policies ? ReadPolicies(policies) : [];
        // Both halves typed, because a bare null would be taken for an array and become an empty secret.
        ReadOnlyMemory<byte>? secret = ReadExplicit(key, 2) is AsnReader secrets
            ? new ReadOnlyMemory<byte>(ReadLast(secrets, secrets.ReadOctetString()))
            : (ReadOnlyMemory<byte>?)null;
        IReadOnlyList<Tss2AuthPolicy> authPolicy = ReadExplicit(key, 3) is AsnReader authPolicies
            ? ReadAuthPolicies(authPolicies)
            : [];
        string? description = ReadExplicit(key, 4) is AsnReader text ? ReadUtf8(text) : null;
        bool rsaParent = ReadExplicit(key, 5) is AsnReader rsa && ReadLast(rsa, rsa.ReadBoolean());
        if (key.HasData && key.PeekTag().TagClass == TagClass.ContextSpecific)
        {
            throw Damaged(fileName, $"its field [{key.PeekTag().TagValue}] is unknown or out of order; a newer program "
                + "may have written it");
        }

        uint parent = ReadParent(key, fileName);
        byte[] publicKey = key.ReadOctetString();
        byte[] privateKey = key.ReadOctetString();
        if (key.HasData)
        {
            throw Damaged(fileName, "there is a field behind its private key; a newer program may have written it");
        }

        CheckSized(publicKey, "public key", fileName);
        CheckSized(privateKey, "private key", fileName);
        if (type == Tss2KeyType.Importable && secret is null)
        {
            throw Damaged(fileName, "it is an importable key without the secret that TPM2_Import needs");
        }

        return new Tss2PrivateKeyFile
        {
            Type = type,
            EmptyAuth = emptyAuth,
            Policy = policy,
            Secret = secret,
            AuthPolicy = authPolicy,
            Description = description,
            RsaParent = rsaParent,
            Parent = parent,
            PublicKey = publicKey,
            PrivateKey = privateKey,
        };
    }

    private static Tss2KeyType ReadType(AsnReader key, string fileName)
    {
        string type = key.ReadObjectIdentifier();
        return type switch
        {
            LoadableOid or OldLoadableOid => Tss2KeyType.Loadable,
            ImportableOid => Tss2KeyType.Importable,
            SealedOid => Tss2KeyType.Sealed,
            _ => throw Damaged(fileName, $"its key type {type} is unknown"),
        };
    }

    private static uint ReadParent(AsnReader key, string fileName)
    {
        // Writers with a 32-bit signed INTEGER make 0x81000001 negative.
        if (!key.TryReadInt64(out long parent) || parent < int.MinValue || parent > uint.MaxValue)
        {
            throw Damaged(fileName, "its parent is not a TPM handle");
        }

        return unchecked((uint)parent);
    }

    private static string? ReadComment(ReadOnlySpan<byte> before)
    {
        try
        {
            foreach (string line in StrictUtf8.GetString(before).Split('\n'))
            {
                if (line.StartsWith(CommentPrefix, StringComparison.Ordinal))
                {
                    return line[CommentPrefix.Length..].Trim();
                }
            }
        }
        catch (DecoderFallbackException)
        {
            // Text of another program, in another encoding.
        }

        return null;
    }

    // A TPM2B counts the bytes after its own two-byte size.
    private static void CheckSized(ReadOnlySpan<byte> sized, string what, string fileName)
    {
        if (sized.Length < 3
            || System.Buffers.Binary.BinaryPrimitives.ReadUInt16BigEndian(sized) != sized.Length - sizeof(ushort))
        {
            throw Damaged(fileName, $"the size of its {what} does not fit its bytes");
        }
    }

    private static Tss2Policy[] ReadPolicies(AsnReader field)
    {
        AsnReader sequence = ReadLast(field, field.ReadSequence());
        List<Tss2Policy> policies = [];
        while (sequence.HasData)
        {
            AsnReader policy = sequence.ReadSequence();
            AsnReader code = policy.ReadSequence(ContextTag(0));
            if (!code.TryReadUInt32(out uint commandCode))
            {
                throw new AsnContentException("A policy command code does not fit 32 bits.");
            }

            code.ThrowIfNotEmpty();
            AsnReader body = policy.ReadSequence(ContextTag(1));
            policies.Add(new Tss2Policy(commandCode, ReadLast(body, body.ReadOctetString())));
            policy.ThrowIfNotEmpty();
        }

        return [.. policies];
    }

    private static Tss2AuthPolicy[] ReadAuthPolicies(AsnReader field)
    {
        AsnReader sequence = ReadLast(field, field.ReadSequence());
        List<Tss2AuthPolicy> policies = [];
        while (sequence.HasData)
        {
            AsnReader policy = sequence.ReadSequence();
            string? name = ReadExplicit(policy, 0) is AsnReader text ? ReadUtf8(text) : null;
            policies.Add(new Tss2AuthPolicy(name, ReadPolicies(policy.ReadSequence(ContextTag(1)))));
            policy.ThrowIfNotEmpty();
        }

        return [.. policies];
    }

    private static AsnReader? ReadExplicit(AsnReader reader, int tag) =>
        reader.HasData && reader.PeekTag().HasSameClassAndValue(ContextTag(tag))
            ? reader.ReadSequence(ContextTag(tag))
            : null;

    private static string ReadUtf8(AsnReader reader)
    {
        // AsnReader's own decoding replaces bad bytes; a name that a person reads must be what was written.
        ReadOnlyMemory<byte> encoded = reader.PeekContentBytes();
        string text = ReadLast(reader, reader.ReadCharacterString(UniversalTagNumber.UTF8String));
        _ = StrictUtf8.GetCharCount(encoded.Span);
        return text;
    }

    private static T ReadLast<T>(AsnReader reader, T value)
    {
        reader.ThrowIfNotEmpty();
        return value;
    }

    private static void WriteExplicit(AsnWriter writer, int tag, bool present, Action write)
    {
        if (present)
        {
            using (writer.PushSequence(ContextTag(tag)))
            {
                write();
            }
        }
    }

    private static void WritePolicies(AsnWriter writer, IReadOnlyList<Tss2Policy> policies)
    {
        using (writer.PushSequence())
        {
            foreach (Tss2Policy policy in policies)
            {
                using (writer.PushSequence())
                {
                    WriteExplicit(writer, 0, true, () => writer.WriteInteger(policy.CommandCode));
                    WriteExplicit(writer, 1, true, () => writer.WriteOctetString(policy.CommandPolicy.Span));
                }
            }
        }
    }

    private void WriteAuthPolicies(AsnWriter writer)
    {
        using (writer.PushSequence())
        {
            foreach (Tss2AuthPolicy policy in AuthPolicy)
            {
                using (writer.PushSequence())
                {
                    WriteExplicit(writer, 0, policy.Name is not null, () =>
                        writer.WriteCharacterString(UniversalTagNumber.UTF8String, policy.Name.AsSpan()));
                    WriteExplicit(writer, 1, true, () => WritePolicies(writer, policy.Policies));
                }
            }
        }
    }

    private static Asn1Tag ContextTag(int tag) => new(TagClass.ContextSpecific, tag, isConstructed: true);

    private static BackendException Damaged(string fileName, string why, Exception? innerException = null) =>
        new(BackendFailure.Refused, $"The key file {fileName} cannot be used: {why}.", innerException);
}
