using System.Text;

namespace SecureAgent.HwSim.Tpm;

/// <summary>Key derivation (Part 1, 11.4.10).</summary>
internal static class Kdf
{
    /// <summary>KDFa, the counter mode of SP 800-108 with HMAC.</summary>
    /// <returns>ceil(<paramref name="bits"/> / 8) octets.</returns>
    public static byte[] Kdfa(TPM_ALG_ID hash, byte[] key, string label, byte[] contextU, byte[] contextV, int bits)
    {
        byte[] fixedPart = Bytes.Concat(Label(label), contextU, contextV, Bytes.UInt32((uint)bits));
        return Expand(hash, bits, counter => Hash.Hmac(hash, key, counter, fixedPart));
    }

    /// <summary>KDFe, the concatenation KDF of SP 800-56A, for ECDH.</summary>
    /// <returns>ceil(<paramref name="bits"/> / 8) octets.</returns>
    public static byte[] Kdfe(TPM_ALG_ID hash, byte[] z, string label, byte[] partyU, byte[] partyV, int bits)
    {
        byte[] fixedPart = Bytes.Concat(z, Label(label), partyU, partyV);
        return Expand(hash, bits, counter => Hash.Digest(hash, counter, fixedPart));
    }

    private static byte[] Label(string label) => [.. Encoding.ASCII.GetBytes(label), 0];

    private static byte[] Expand(TPM_ALG_ID hash, int bits, Func<byte[], byte[]> block)
    {
        byte[] output = new byte[(bits + 7) / 8];
        int size = Hash.Size(hash);
        for (int position = 0, counter = 1; position < output.Length; position += size, counter++)
        {
            byte[] digest = block(Bytes.UInt32((uint)counter));
            digest.AsSpan(0, Math.Min(size, output.Length - position)).CopyTo(output.AsSpan(position));
        }

        // Bits that were not asked for are zero, in the most significant octet.
        if (bits % 8 != 0)
        {
            output[0] &= (byte)((1 << (bits % 8)) - 1);
        }

        return output;
    }
}
