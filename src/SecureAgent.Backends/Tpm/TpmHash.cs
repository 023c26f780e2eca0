using System.Buffers.Binary;
using System.Security.Cryptography;

namespace SecureAgent.Backends.Tpm;

/// <summary>The hashes of a TPM, computed here.</summary>
internal static class TpmHash
{
    /// <summary>Whether <paramref name="alg"/> is a hash that this program computes.</summary>
    public static bool IsSupported(TPM_ALG alg) =>
        alg is TPM_ALG.SHA1 or TPM_ALG.SHA256 or TPM_ALG.SHA384 or TPM_ALG.SHA512;

    /// <summary>The .NET name of <paramref name="alg"/>.</summary>
    /// <exception cref="TpmException">It is no hash that this program computes.</exception>
    public static HashAlgorithmName Name(TPM_ALG alg) => alg switch
    {
        TPM_ALG.SHA1 => HashAlgorithmName.SHA1,
        TPM_ALG.SHA256 => HashAlgorithmName.SHA256,
        TPM_ALG.SHA384 => HashAlgorithmName.SHA384,
        TPM_ALG.SHA512 => HashAlgorithmName.SHA512,
        _ => throw new TpmException($"The hash algorithm 0x{(ushort)alg:X4} is not supported."),
    };

    /// <summary>Digest size in bytes.</summary>
    public static int SizeBytes(TPM_ALG alg) => alg switch
    {
        TPM_ALG.SHA1 => 20,
        TPM_ALG.SHA256 => 32,
        TPM_ALG.SHA384 => 48,
        TPM_ALG.SHA512 => 64,
        _ => throw new TpmException($"The hash algorithm 0x{(ushort)alg:X4} is not supported."),
    };

    /// <summary>The digest of <paramref name="data"/>.</summary>
    public static byte[] Digest(TPM_ALG alg, ReadOnlySpan<byte> data) =>
        CryptographicOperations.HashData(Name(alg), data);

    /// <summary>The Name of an object: nameAlg and the digest of its public area (TPM 2.0 Part 1, 16).</summary>
    public static byte[] Name(TPM_ALG nameAlg, ReadOnlySpan<byte> publicArea)
    {
        byte[] name = new byte[2 + SizeBytes(nameAlg)];
        BinaryPrimitives.WriteUInt16BigEndian(name, (ushort)nameAlg);
        CryptographicOperations.HashData(Name(nameAlg), publicArea, name.AsSpan(2));
        return name;
    }
}
