using System.Formats.Asn1;
using System.Numerics;
using System.Security.Cryptography;
using SecureAgent.Wire;

namespace SecureAgent.Backends.Piv;

/// <summary>The certificate that goes beside a key on a card (RFC 5280): it makes the key visible to programs that know
/// no metadata, and carries its name. The platform's own builder knows no Ed25519.</summary>
internal static class PivSelfSignedCertificate
{
    private const int SerialBytes = 16;
    private const string CommonName = "2.5.4.3";

    // Nobody checks it; it has to be something.
    private static readonly TimeSpan Validity = TimeSpan.FromDays(365.25 * 20);

    /// <summary>What is signed: TBSCertificate.</summary>
    public static byte[] ToBeSigned(PublicKey key, string name, DateTimeOffset now)
    {
        AsnWriter writer = new(AsnEncodingRules.DER);
        using (writer.PushSequence())
        {
            using (writer.PushSequence(new Asn1Tag(TagClass.ContextSpecific, 0)))
            {
                writer.WriteInteger(2); // v3
            }

            byte[] serial = RandomNumberGenerator.GetBytes(SerialBytes);
            serial[0] = (byte)((serial[0] & 0x3F) | 0x40);
            writer.WriteInteger(new BigInteger(serial, isUnsigned: true, isBigEndian: true));
            WriteAlgorithm(writer, key);
            WriteName(writer, name);
            using (writer.PushSequence())
            {
                WriteTime(writer, now - TimeSpan.FromDays(1));
                WriteTime(writer, now + Validity);
            }

            WriteName(writer, name);
            PivPublicKey.WriteSubjectPublicKeyInfo(writer, key);
        }

        return writer.Encode();
    }

    /// <summary>The certificate of <paramref name="toBeSigned"/> and its signature as X.509 has it.</summary>
    public static byte[] Encode(PublicKey key, byte[] toBeSigned, ReadOnlySpan<byte> signature)
    {
        AsnWriter writer = new(AsnEncodingRules.DER);
        using (writer.PushSequence())
        {
            writer.WriteEncodedValue(toBeSigned);
            WriteAlgorithm(writer, key);
            writer.WriteBitString(signature);
        }

        return writer.Encode();
    }

    private static void WriteAlgorithm(AsnWriter writer, PublicKey key)
    {
        using (writer.PushSequence())
        {
            writer.WriteObjectIdentifier(key switch
            {
                RsaPublicKey => "1.2.840.113549.1.1.11", // sha256WithRSAEncryption
                EcdsaPublicKey { SizeBits: 256 } => "1.2.840.10045.4.3.2", // ecdsa-with-SHA256
                EcdsaPublicKey => "1.2.840.10045.4.3.3", // ecdsa-with-SHA384
                _ => "1.3.101.112", // Ed25519
            });
            if (key is RsaPublicKey)
            {
                writer.WriteNull();
            }
        }
    }

    private static void WriteName(AsnWriter writer, string name)
    {
        using (writer.PushSequence())
        using (writer.PushSetOf())
        using (writer.PushSequence())
        {
            writer.WriteObjectIdentifier(CommonName);
            writer.WriteCharacterString(UniversalTagNumber.UTF8String, name);
        }
    }

    // RFC 5280, 4.1.2.5: from 2050 on in the longer form.
    private static void WriteTime(AsnWriter writer, DateTimeOffset time)
    {
        if (time.Year < 2050)
        {
            writer.WriteUtcTime(time);
        }
        else
        {
            writer.WriteGeneralizedTime(time, omitFractionalSeconds: true);
        }
    }
}
