using SecureAgent.Wire;

namespace SecureAgent.Backends.Tpm;

/// <summary>One key of a <see cref="TpmKeyDirectory"/>, as its files tell without a TPM.</summary>
public sealed record TpmKeyEntry
{
    /// <summary>The key's name: its file's without <c>.tpm</c>.</summary>
    public required string Name { get; init; }

    /// <summary>Path of the key file.</summary>
    public required string Path { get; init; }

    /// <summary>Why the key cannot be used, as a sentence; <see langword="null"/> if it can.</summary>
    public string? Broken { get; init; }

    /// <summary>The public key; <see langword="null"/> only where <see cref="Broken"/> is set.</summary>
    public PublicKey? PublicKey { get; init; }

    /// <summary>The SSH comment; the name where the file has none.</summary>
    public string Comment { get; init; } = "";

    /// <summary>The kind as ssh-keygen names it with its size, such as <c>ecdsa-256</c>; empty where it is not
    /// known.</summary>
    public string Type { get; init; } = "";

    /// <summary>Whether the private half is sealed data that leaves the TPM for each signature (Ed25519).</summary>
    public bool IsSealed { get; init; }

    /// <summary>Whether the TPM asks for a PIN.</summary>
    public bool NeedsPin { get; init; }

    /// <summary>The PCRs whose values the TPM checks, such as <c>sha256:0,2,7</c>; <see langword="null"/> without
    /// policy.</summary>
    public string? Pcrs { get; init; }

    /// <summary>TPM handle of the parent, 0x40000001 as a rule.</summary>
    public uint Parent { get; init; }

    /// <summary>The certificate beside the key, if it has one that belongs to it.</summary>
    public Certificate? Certificate { get; init; }

    /// <summary>Why the certificate beside the key is not offered, as a sentence; <see langword="null"/> if it is, or
    /// if there is none.</summary>
    public string? BrokenCertificate { get; init; }

    /// <summary>Both halves for the TPM; <see langword="null"/> where <see cref="Broken"/> is set.</summary>
    internal TpmKeyBlobs? Blobs { get; init; }

    /// <summary>What to replay before use, if anything.</summary>
    internal TpmPolicy? Policy { get; init; }

    /// <summary>The parent with its template.</summary>
    internal TpmParent ParentKey { get; init; }
}
