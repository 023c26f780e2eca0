using System.Formats.Asn1;
using System.IO.Compression;
using System.Security.Cryptography;
using SecureAgent.Wire;

namespace SecureAgent.Backends.Piv;

/// <summary>An X.509 certificate from a card, as far as an agent reads it. Nothing of it is verified here.</summary>
/// <param name="Der">The certificate.</param>
/// <param name="PublicKey">Its key, or <see langword="null"/> if it is none that SSH uses.</param>
/// <param name="CommonName">The subject's common name, if it has one.</param>
/// <param name="Extensions">Extension values by identifier.</param>
internal sealed record PivCertificate(
    ReadOnlyMemory<byte> Der, PublicKey? PublicKey, string? CommonName,
    IReadOnlyDictionary<string, ReadOnlyMemory<byte>> Extensions)
{
    private const int MaximumBytes = 16 * 1024;
    private const int MaximumNameLength = 64; // RFC 5280, upper bounds
    private const int Compressed = 1;
    private const string CommonNameOid = "2.5.4.3";

    /// <summary>Reads the content of a certificate object: <c>70</c> certificate, <c>71</c> how it is
    /// compressed (SP 800-73-4 part 1, appendix A).</summary>
    /// <returns>The certificate, or <see langword="null"/> if the object holds none.</returns>
    /// <exception cref="PivException">It is malformed.</exception>
    public static PivCertificate? FromObject(ReadOnlySpan<byte> content)
    {
        if (!TlvReader.TryFind(content, 0x70, out ReadOnlySpan<byte> certificate) || certificate.IsEmpty)
        {
            return null;
        }

        byte[] der = certificate.ToArray();
        bool isCompressed = TlvReader.TryFind(content, 0x71, out ReadOnlySpan<byte> info)
            && info is [byte flags, ..] && (flags & 0x03) == Compressed;
        return Parse(isCompressed ? Decompress(der) : der);
    }

    /// <summary>Reads a certificate.</summary>
    /// <exception cref="PivException">It is malformed.</exception>
    // Certificate ::= SEQUENCE { tbs SEQUENCE { [0] version OPTIONAL, serialNumber, signature, issuer, validity,
    // subject,   subjectPublicKeyInfo, ..., [3] extensions OPTIONAL }, ... }
    public static PivCertificate Parse(ReadOnlyMemory<byte> der)
    {
        try
        {
            AsnReader tbs = new AsnReader(der, AsnEncodingRules.DER).ReadSequence().ReadSequence();
            if (tbs.PeekTag().HasSameClassAndValue(new Asn1Tag(TagClass.ContextSpecific, 0)))
            {
                tbs.ReadEncodedValue();
            }

            tbs.ReadInteger();
            tbs.ReadSequence();
            tbs.ReadSequence();
            tbs.ReadSequence();
            string? commonName = ReadCommonName(tbs.ReadSequence());
            PublicKey? key = PivPublicKey.FromSubjectPublicKeyInfo(tbs.ReadSequence());
            return new PivCertificate(der, key, commonName, ReadExtensions(tbs));
        }
        catch (Exception exception)
            when (exception is AsnContentException or WireFormatException or CryptographicException)
        {
            throw new PivException($"A certificate on the card cannot be read: {exception.Message}", exception);
        }
    }

    /// <summary>The content of the object that holds <paramref name="der"/>, not compressed.</summary>
    public static byte[] ToObject(ReadOnlySpan<byte> der)
    {
        byte[] content = new byte[TlvWriter.SizeOf(0x70, der.Length) + 5];
        TlvWriter writer = new(content);
        writer.Write(0x70, der);
        writer.Write(0x71, 0);
        writer.Write(0xFE, []);
        return content;
    }

    private static byte[] Decompress(byte[] data)
    {
        try
        {
            using GZipStream stream = new(new MemoryStream(data), CompressionMode.Decompress);
            byte[] buffer = new byte[MaximumBytes + 1];
            int length = stream.ReadAtLeast(buffer, buffer.Length, throwOnEndOfStream: false);
            return length <= MaximumBytes
                ? buffer[..length]
                : throw new PivException("A compressed certificate on the card is larger than any.");
        }
        catch (InvalidDataException exception)
        {
            throw new PivException("A compressed certificate on the card is damaged.", exception);
        }
    }

    // Name ::= SEQUENCE OF SET OF SEQUENCE { type, value }
    private static string? ReadCommonName(AsnReader name)
    {
        while (name.HasData)
        {
            AsnReader set = name.ReadSetOf();
            while (set.HasData)
            {
                AsnReader attribute = set.ReadSequence();
                if (attribute.ReadObjectIdentifier() == CommonNameOid
                    && attribute.PeekTag() is { TagClass: TagClass.Universal, IsConstructed: false } tag
                    && (UniversalTagNumber)tag.TagValue is UniversalTagNumber.UTF8String
                        or UniversalTagNumber.PrintableString or UniversalTagNumber.IA5String
                        or UniversalTagNumber.BMPString or UniversalTagNumber.T61String)
                {
                    return Printable(attribute.ReadCharacterString((UniversalTagNumber)tag.TagValue));
                }
            }
        }

        return null;
    }

    // It becomes the comment of a key, one line of a listing.
    private static string Printable(string name) => string.Concat(
        name.Take(MaximumNameLength).Select(character => char.IsControl(character) ? '?' : character));

    private static Dictionary<string, ReadOnlyMemory<byte>> ReadExtensions(AsnReader tbs)
    {
        Dictionary<string, ReadOnlyMemory<byte>> found = [];
        Asn1Tag tag = new(TagClass.ContextSpecific, 3);
        while (tbs.HasData)
        {
            if (!tbs.PeekTag().HasSameClassAndValue(tag))
            {
                tbs.ReadEncodedValue();
                continue;
            }

            AsnReader extensions = tbs.ReadSequence(tag).ReadSequence();
            while (extensions.HasData)
            {
                AsnReader extension = extensions.ReadSequence();
                string oid = extension.ReadObjectIdentifier();
                if (extension.PeekTag().HasSameClassAndValue(Asn1Tag.Boolean))
                {
                    extension.ReadBoolean();
                }

                found[oid] = extension.ReadOctetString();
            }
        }

        return found;
    }
}
