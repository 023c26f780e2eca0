using System.Buffers.Binary;
using System.Security.Cryptography;

namespace SecureAgent.Backends.Tpm;

/// <summary>The key derivations of TPM 2.0 Part 1, 11.4.10.</summary>
internal static class TpmKdf
{
    /// <summary>KDFa: SP 800-108 in counter mode with HMAC. .NET's own asks CNG for it on Windows, where Wine, under
    /// which the Windows program is tested, does not have it.</summary>
    /// <param name="hash">Hash of the HMAC.</param>
    /// <param name="key">The key.</param>
    /// <param name="label">The label without its closing zero.</param>
    /// <param name="contextU">First half of the context.</param>
    /// <param name="contextV">Second half of the context.</param>
    /// <param name="result">Filled; its size is the number of bits asked for.</param>
    public static void KDFa(
        TPM_ALG hash, ReadOnlySpan<byte> key, ReadOnlySpan<byte> label, ReadOnlySpan<byte> contextU,
        ReadOnlySpan<byte> contextV, Span<byte> result)
    {
        Span<byte> digest = stackalloc byte[TpmHash.SizeBytes(hash)];
        Span<byte> number = stackalloc byte[sizeof(uint)];
        using IncrementalHash hmac = IncrementalHash.CreateHMAC(TpmHash.Name(hash), key);
        uint counter = 1;
        for (Span<byte> rest = result; !rest.IsEmpty; rest = rest[Math.Min(digest.Length, rest.Length)..])
        {
            BinaryPrimitives.WriteUInt32BigEndian(number, counter++);
            hmac.AppendData(number);
            hmac.AppendData(label);
            hmac.AppendData([0]);
            hmac.AppendData(contextU);
            hmac.AppendData(contextV);
            BinaryPrimitives.WriteInt32BigEndian(number, 8 * result.Length);
            hmac.AppendData(number);
            hmac.GetHashAndReset(digest);
            digest[..Math.Min(digest.Length, rest.Length)].CopyTo(rest);
        }

        CryptographicOperations.ZeroMemory(digest);
    }

    /// <summary>KDFe: SP 800-56A concatenation of hash(counter ‖ Z ‖ label ‖ 0 ‖ partyU ‖ partyV).</summary>
    /// <param name="hash">The hash; the result is one digest of it at most.</param>
    /// <param name="z">X coordinate of the shared point.</param>
    /// <param name="label">The label without its closing zero.</param>
    /// <param name="partyU">X coordinate of the ephemeral key.</param>
    /// <param name="partyV">X coordinate of the static key.</param>
    /// <param name="result">Filled.</param>
    public static void KDFe(
        TPM_ALG hash, ReadOnlySpan<byte> z, ReadOnlySpan<byte> label, ReadOnlySpan<byte> partyU,
        ReadOnlySpan<byte> partyV,
        Span<byte> result)
    {
        Span<byte> counter = stackalloc byte[4];
        Span<byte> digest = stackalloc byte[TpmHash.SizeBytes(hash)];
        ArgumentOutOfRangeException.ThrowIfGreaterThan(result.Length, digest.Length, nameof(result));
        using IncrementalHash incremental = IncrementalHash.CreateHash(TpmHash.Name(hash));
        BinaryPrimitives.WriteUInt32BigEndian(counter, 1);
        incremental.AppendData(counter);
        incremental.AppendData(z);
        incremental.AppendData(label);
        incremental.AppendData([0]);
        incremental.AppendData(partyU);
        incremental.AppendData(partyV);
        incremental.GetHashAndReset(digest);
        digest[..result.Length].CopyTo(result);
        CryptographicOperations.ZeroMemory(digest);
    }
}
