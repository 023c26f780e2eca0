using System.Buffers;

namespace SecureAgent.Wire;

/// <summary>A signature as SSH writes it: <c>string algorithm, string signature</c> (RFC 4253 section 6.6), where
/// an ECDSA signature is <c>mpint r, mpint s</c> (RFC 5656 section 3.1.2); a security key adds <c>byte flags, uint32
/// counter</c>.</summary>
/// <param name="Algorithm">How it was made.</param>
/// <param name="Raw">ECDSA: r‖s, each <see cref="EcdsaCurve.FieldBytes"/>, big-endian, left-padded. RSA: the PKCS#1
/// v1.5 block. Ed25519: 64 bytes.</param>
/// <param name="SkFlags">Flags of the security key; 0 for others.</param>
/// <param name="SkCounter">Counter of the security key; 0 for others.</param>
public sealed record SignatureBlob(
    SignatureAlgorithm Algorithm, ReadOnlyMemory<byte> Raw, byte SkFlags = 0, uint SkCounter = 0)
{
    /// <summary>Encodes a raw signature.</summary>
    /// <exception cref="WireFormatException"><paramref name="raw"/> does not have the length of the
    /// algorithm.</exception>
    public static byte[] Encode(SignatureAlgorithm algorithm, ReadOnlySpan<byte> raw)
    {
        ArrayBufferWriter<byte> output = new(raw.Length + 64);
        Write(output, algorithm, raw);
        return output.WrittenSpan.ToArray();
    }

    /// <summary>Encodes this signature.</summary>
    /// <exception cref="WireFormatException"><see cref="Raw"/> does not have the length of the algorithm.</exception>
    public byte[] Encode()
    {
        ArrayBufferWriter<byte> output = new(Raw.Length + 64);
        Write(output, Algorithm, Raw.Span, SkFlags, SkCounter);
        return output.WrittenSpan.ToArray();
    }

    /// <summary>Appends the encoding of a raw signature, without a length before it.</summary>
    /// <exception cref="WireFormatException"><paramref name="raw"/> does not have the length of the
    /// algorithm.</exception>
    public static void Write(
        IBufferWriter<byte> output,
        SignatureAlgorithm algorithm,
        ReadOnlySpan<byte> raw,
        byte skFlags = 0,
        uint skCounter = 0)
    {
        ArgumentNullException.ThrowIfNull(algorithm);
        RequireLength(algorithm, raw.Length);
        WireWriter writer = new(output);
        writer.WriteUtf8(algorithm.Name);
        if (algorithm.Curve is null)
        {
            writer.WriteString(raw);
        }
        else
        {
            ReadOnlySpan<byte> r = raw[..algorithm.Curve.FieldBytes];
            ReadOnlySpan<byte> s = raw[algorithm.Curve.FieldBytes..];
            writer.WriteUInt32((uint)(MpintBytes(r) + MpintBytes(s)));
            writer.WriteMpint(r);
            writer.WriteMpint(s);
        }

        if (algorithm.IsSecurityKey)
        {
            writer.WriteByte(skFlags);
            writer.WriteUInt32(skCounter);
        }
    }

    /// <summary>Bytes that <see cref="Write"/> appends.</summary>
    internal static int Size(SignatureAlgorithm algorithm, ReadOnlySpan<byte> raw)
    {
        RequireLength(algorithm, raw.Length);
        int inner = algorithm.Curve is null
            ? raw.Length
            : MpintBytes(raw[..algorithm.Curve.FieldBytes]) + MpintBytes(raw[algorithm.Curve.FieldBytes..]);
        return 4 + algorithm.Name.Length + 4 + inner + (algorithm.IsSecurityKey ? 5 : 0);
    }

    /// <summary>Decodes a signature blob.</summary>
    /// <exception cref="WireFormatException">It is none, or its algorithm is not known here.</exception>
    public static SignatureBlob Decode(ReadOnlyMemory<byte> blob)
    {
        WireReader reader = new(blob);
        string name = reader.ReadUtf8("signature algorithm", WireLimits.MaxNameBytes);
        SignatureAlgorithm algorithm = SignatureAlgorithm.FromName(name)
            ?? throw new WireFormatException("signature algorithm: not one that is known here");
        ReadOnlyMemory<byte> raw = reader.ReadStringMemory("signature");
        if (algorithm.Curve is not null)
        {
            raw = ReadEcdsa(raw.Span, algorithm.Curve);
        }

        RequireLength(algorithm, raw.Length);
        byte flags = algorithm.IsSecurityKey ? reader.ReadByte("signature flags") : (byte)0;
        uint counter = algorithm.IsSecurityKey ? reader.ReadUInt32("signature counter") : 0;
        reader.RequireEnd("signature");
        return new SignatureBlob(algorithm, raw, flags, counter);
    }

    private static byte[] ReadEcdsa(ReadOnlySpan<byte> bytes, EcdsaCurve curve)
    {
        WireReader reader = new(bytes);
        int size = curve.FieldBytes;
        byte[] raw = new byte[2 * size];
        ReadOnlySpan<byte> r = reader.ReadMpint("ECDSA r", size * 8);
        r.CopyTo(raw.AsSpan(size - r.Length));
        ReadOnlySpan<byte> s = reader.ReadMpint("ECDSA s", size * 8);
        s.CopyTo(raw.AsSpan((2 * size) - s.Length));
        reader.RequireEnd("ECDSA signature");
        return raw;
    }

    private static void RequireLength(SignatureAlgorithm algorithm, int length)
    {
        bool fits = algorithm.Curve is not null ? length == 2 * algorithm.Curve.FieldBytes
            : algorithm.IsRsa ? length is > 0 and <= WireLimits.MaxRsaModulusBits / 8
            : algorithm == SignatureAlgorithm.MlDsa44Ed25519 ? length == 2420 + 64
            : length == 64;
        if (!fits)
        {
            throw new WireFormatException($"signature: {length} bytes are none of {algorithm.Name}");
        }
    }

    private static int MpintBytes(ReadOnlySpan<byte> magnitude)
    {
        ReadOnlySpan<byte> trimmed = magnitude.TrimStart((byte)0);
        return 4 + trimmed.Length + (trimmed.Length > 0 && (trimmed[0] & 0x80) != 0 ? 1 : 0);
    }
}
