using System.Security.Cryptography;

namespace SecureAgent.Backends.Tpm;

/// <summary>The policy of a key that is usable only while PCRs have the values they had when it was made.</summary>
/// <param name="Pcrs">The PCRs (TPM2_PolicyPCR).</param>
/// <param name="AuthValue">Whether the PIN is needed too (TPM2_PolicyAuthValue after it).</param>
internal sealed record TpmPolicy(TpmPcrSelection Pcrs, bool AuthValue)
{
    /// <summary>The policy digest for given PCR values.</summary>
    /// <param name="pcrValues">The selected PCRs in order of their index, joined.</param>
    public byte[] Digest(ReadOnlySpan<byte> pcrValues)
    {
        // Part 3, 23.7: policyDigest = H(policyDigest ‖ TPM_CC_PolicyPCR ‖ pcrs ‖ H(values)), from a digest of zeros;
        // Part 3, 23.17: policyDigest = H(policyDigest ‖ TPM_CC_PolicyAuthValue). The session's hash makes them all.
        TpmWriter writer = new(stackalloc byte[128]);
        writer.Take(SHA256.HashSizeInBytes).Clear();
        writer.WriteUInt32((uint)TPM_CC.PolicyPCR);
        Pcrs.Write(ref writer);
        SHA256.HashData(pcrValues, writer.Take(SHA256.HashSizeInBytes));
        byte[] digest = SHA256.HashData(writer.Written);
        return AuthValue ? SHA256.HashData([.. digest, 0, 0, 0x01, 0x6B]) : digest;
    }
}
