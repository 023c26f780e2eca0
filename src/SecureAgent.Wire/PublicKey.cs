using System.Buffers;
using System.Security.Cryptography;
using System.Text;

namespace SecureAgent.Wire;

/// <summary>A plain public key (RFC 4253 section 6.6, RFC 5656 section 3.1, RFC 8709 section 4). Two are equal if their
/// blobs are. Whether a key is strong enough is not decided here: only its encoding is checked.</summary>
public abstract record PublicKey
{
    private string? _fingerprint;

    private protected PublicKey(KeyBlob blob) => Blob = blob;

    /// <summary>Its encoding, by which the protocol names it.</summary>
    public KeyBlob Blob { get; }

    /// <summary>Its key type, such as <c>ssh-ed25519</c>.</summary>
    public abstract string KeyType { get; }

    /// <summary>Its size in bits as <c>ssh-keygen -l</c> shows it.</summary>
    public abstract int SizeBits { get; }

    /// <summary>SHA-256 of the blob as OpenSSH writes it: <c>SHA256:</c> and base64 without padding.</summary>
    public string Fingerprint => _fingerprint ??= FingerprintOf(Blob);

    /// <summary>The SHA-256 fingerprint of any key or certificate blob as OpenSSH writes it. For a certificate OpenSSH
    /// shows the fingerprint of the key in it: pass that key's blob.</summary>
    public static string FingerprintOf(KeyBlob blob)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(blob.Span, hash);
        return "SHA256:" + Convert.ToBase64String(hash).TrimEnd('=');
    }

    /// <summary>Decodes a plain key blob. Nothing is copied: <paramref name="blob"/> must not change
    /// afterwards.</summary>
    /// <exception cref="WireFormatException">It is none: not its encoding, trailing bytes, or a type that is not known
    /// here (certificates included).</exception>
    public static PublicKey Decode(ReadOnlyMemory<byte> blob)
    {
        WireReader reader = new(blob);
        string type = reader.ReadUtf8("key type", WireLimits.MaxNameBytes);
        PublicKey key = PublicKeyFields.Read(type, ref reader, blob);
        reader.RequireEnd("key blob");
        return key;
    }

    /// <summary>The plain key that signs for <paramref name="blob"/>: of a certificate, the one that it
    /// certifies.</summary>
    /// <exception cref="WireFormatException">It is neither a key nor a certificate.</exception>
    public static PublicKey DecodeKeyOrCertificate(KeyBlob blob) =>
        CertificateKeyType.IsCertificate(blob) ? Certificate.Decode(blob).PublicKey : Decode(blob.Memory);

    /// <summary>Whether the blobs are equal.</summary>
    public virtual bool Equals(PublicKey? other) => other is not null && Blob == other.Blob;

    /// <inheritdoc/>
    public override int GetHashCode() => Blob.GetHashCode();

    /// <summary>Key type and fingerprint.</summary>
    public sealed override string ToString() => $"{KeyType} {Fingerprint}";

    /// <summary>Encodes <paramref name="keyType"/> and what <paramref name="fields"/> writes.</summary>
    private protected static KeyBlob Encode(string keyType, Action<ArrayBufferWriter<byte>> fields)
    {
        ArrayBufferWriter<byte> output = new();
        new WireWriter(output).WriteString(Encoding.ASCII.GetBytes(keyType));
        fields(output);
        return new KeyBlob(output.WrittenMemory);
    }
}
