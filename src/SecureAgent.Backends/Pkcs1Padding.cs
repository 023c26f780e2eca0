using System.Formats.Asn1;
using System.Security.Cryptography;
using SecureAgent.Core;

namespace SecureAgent.Backends;

/// <summary>EMSA-PKCS1-v1_5 (RFC 8017, 9.2), for devices that do not pad by themselves: PIV cards, and TPMs that
/// lack the hash.</summary>
internal static class Pkcs1Padding
{
    private const int ShortestFillBytes = 8;

    /// <summary>Pads a digest.</summary>
    /// <param name="hash">The hash that made it.</param>
    /// <param name="digest">The digest.</param>
    /// <param name="keyBits">Size of the RSA key that the block is for, in bits.</param>
    /// <returns><c>00 01 FF…FF 00</c> and the DigestInfo, as long as the modulus.</returns>
    /// <exception cref="BackendException">The key is too short for the hash.</exception>
    public static byte[] Encode(HashAlgorithmName hash, ReadOnlySpan<byte> digest, int keyBits)
    {
        byte[] info = DigestInfo(hash, digest);
        byte[] block = new byte[(keyBits + 7) / 8];
        int fill = block.Length - info.Length - 3;
        if (fill < ShortestFillBytes)
        {
            throw new BackendException($"An RSA key of {keyBits} bits is too short for a signature with {hash.Name}.");
        }

        block[1] = 1;
        block.AsSpan(2, fill).Fill(0xFF);
        info.CopyTo(block.AsSpan(3 + fill));
        return block;
    }

    // DigestInfo ::= SEQUENCE { AlgorithmIdentifier { OID, NULL }, OCTET STRING }
    private static byte[] DigestInfo(HashAlgorithmName hash, ReadOnlySpan<byte> digest)
    {
        AsnWriter writer = new(AsnEncodingRules.DER);
        using (writer.PushSequence())
        {
            using (writer.PushSequence())
            {
                writer.WriteObjectIdentifier(Oid(hash));
                writer.WriteNull();
            }

            writer.WriteOctetString(digest);
        }

        return writer.Encode();
    }

    private static string Oid(HashAlgorithmName hash) => hash.Name switch
    {
        nameof(HashAlgorithmName.SHA1) => "1.3.14.3.2.26",
        nameof(HashAlgorithmName.SHA256) => "2.16.840.1.101.3.4.2.1",
        nameof(HashAlgorithmName.SHA384) => "2.16.840.1.101.3.4.2.2",
        nameof(HashAlgorithmName.SHA512) => "2.16.840.1.101.3.4.2.3",
        _ => throw new ArgumentOutOfRangeException(nameof(hash), hash, "No such hash is padded here."),
    };
}
