using System.Formats.Asn1;

namespace SecureAgent.Backends.Tpm;

/// <summary>EMSA-PKCS1-v1_5 (RFC 8017, 9.2), for TPMs that lack the hash and so cannot pad by themselves.</summary>
internal static class Pkcs1Padding
{
    private const int ShortestFillBytes = 8;

    /// <summary>Pads a digest.</summary>
    /// <param name="hash">The hash that made it.</param>
    /// <param name="digest">The digest.</param>
    /// <param name="key">The RSA key that the block is for.</param>
    /// <returns><c>00 01 FF…FF 00</c> and the DigestInfo, as long as the modulus.</returns>
    public static byte[] Encode(TPM_ALG hash, ReadOnlySpan<byte> digest, TpmPublic key)
    {
        byte[] info = DigestInfo(hash, digest);
        byte[] block = new byte[key.KeyBits / 8];
        int fill = block.Length - info.Length - 3;
        if (fill < ShortestFillBytes)
        {
            throw new TpmException($"An RSA key of {key.KeyBits} bits is too short for a signature with {hash}.");
        }

        block[1] = 1;
        block.AsSpan(2, fill).Fill(0xFF);
        info.CopyTo(block.AsSpan(3 + fill));
        return block;
    }

    // DigestInfo ::= SEQUENCE { AlgorithmIdentifier { OID, NULL }, OCTET STRING }
    private static byte[] DigestInfo(TPM_ALG hash, ReadOnlySpan<byte> digest)
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

    private static string Oid(TPM_ALG hash) => hash switch
    {
        TPM_ALG.SHA256 => "2.16.840.1.101.3.4.2.1",
        TPM_ALG.SHA384 => "2.16.840.1.101.3.4.2.2",
        TPM_ALG.SHA512 => "2.16.840.1.101.3.4.2.3",
        _ => throw new ArgumentOutOfRangeException(nameof(hash), hash, "No such hash is padded here."),
    };
}
