using System.Security.Cryptography;

namespace SecureAgent.Backends.Tpm;

/// <summary>A key as it rests outside the TPM: readable by nobody but the TPM that wrapped it.</summary>
internal sealed class TpmKeyBlobs
{
    /// <summary>Takes the two blobs, each with its own size field.</summary>
    /// <param name="publicArea">TPM2B_PUBLIC.</param>
    /// <param name="privateArea">TPM2B_PRIVATE.</param>
    /// <exception cref="TpmException">They do not parse.</exception>
    public TpmKeyBlobs(ReadOnlyMemory<byte> publicArea, ReadOnlyMemory<byte> privateArea)
    {
        PublicArea = publicArea;
        PrivateArea = privateArea;
        Public = TpmPublic.Parse2B(publicArea.Span);
        TpmReader reader = new(privateArea.Span);
        reader.ReadTpm2B();
        reader.End();
        Id = Convert.ToHexString(SHA256.HashData([.. publicArea.Span, .. privateArea.Span]));
    }

    /// <summary>A digest of both blobs: another PIN makes another one.</summary>
    public string Id { get; }

    /// <summary>TPM2B_PUBLIC, size field included.</summary>
    public ReadOnlyMemory<byte> PublicArea { get; }

    /// <summary>TPM2B_PRIVATE, size field included.</summary>
    public ReadOnlyMemory<byte> PrivateArea { get; }

    /// <summary>The parsed public area.</summary>
    public TpmPublic Public { get; }
}
