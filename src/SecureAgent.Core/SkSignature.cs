using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using SecureAgent.Wire;

namespace SecureAgent.Core;

/// <summary>A raw signature of a security key, as <see cref="ISigner"/> returns it: the signature (64 bytes), the flags
/// of the security key (1 byte), and its counter (4 bytes, big-endian).</summary>
public readonly ref struct SkSignature
{
    /// <summary>Bytes of all parts.</summary>
    public const int SizeBytes = SignatureBytes + 1 + sizeof(uint);

    private const int SignatureBytes = 64;

    private readonly ReadOnlySpan<byte> _raw;

    /// <summary>Names the parts of <paramref name="raw"/>.</summary>
    /// <exception cref="BackendException">It does not have <see cref="SizeBytes"/>.</exception>
    public SkSignature(ReadOnlySpan<byte> raw) => _raw = raw.Length == SizeBytes
        ? raw
        : throw new BackendException($"A signature of a security key has {SizeBytes} bytes, not {raw.Length}.");

    /// <summary>r‖s of P-256, or the signature of Ed25519.</summary>
    public ReadOnlySpan<byte> Signature => _raw[..SignatureBytes];

    /// <summary>1: the person touched it; 4: the person was verified (OpenSSH, PROTOCOL.u2f).</summary>
    public byte Flags => _raw[SignatureBytes];

    /// <summary>How often it has signed, as far as it counts.</summary>
    public uint Counter => BinaryPrimitives.ReadUInt32BigEndian(_raw[(SignatureBytes + 1)..]);

    /// <summary>Puts the parts of a decoded signature together.</summary>
    public static byte[] Join(SignatureBlob signature)
    {
        ArgumentNullException.ThrowIfNull(signature);
        byte[] raw = new byte[SizeBytes];
        signature.Raw.Span.CopyTo(raw);
        raw[SignatureBytes] = signature.SkFlags;
        BinaryPrimitives.WriteUInt32BigEndian(raw.AsSpan(SignatureBytes + 1), signature.SkCounter);
        return raw;
    }

    /// <summary>What the security key signed: SHA-256 of the application, the flags, the counter, SHA-256 of the data
    /// (OpenSSH, PROTOCOL.u2f).</summary>
    internal byte[] SignedBytes(string application, ReadOnlySpan<byte> data) =>
    [
        .. SHA256.HashData(Encoding.UTF8.GetBytes(application)),
        .. _raw[SignatureBytes..],
        .. SHA256.HashData(data),
    ];
}
