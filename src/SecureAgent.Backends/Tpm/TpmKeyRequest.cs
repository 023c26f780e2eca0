using SecureAgent.Core;

namespace SecureAgent.Backends.Tpm;

/// <summary>What a new key is to be.</summary>
public sealed record TpmKeyRequest
{
    /// <summary>Its name; becomes <c>NAME.tpm</c> and <c>NAME.pub</c>.</summary>
    public required string Name { get; init; }

    /// <summary>Its PIN, 1 to 32 bytes, or <see langword="null"/> for none. Stays the caller's.</summary>
    public Secret? Pin { get; init; }

    /// <summary>PCRs whose values of now the TPM asks for at each use, such as <c>sha256:0,2,7</c>.</summary>
    public string? Pcrs { get; init; }

    /// <summary>The SSH comment; <see langword="null"/> for that of an imported file, or else the name.</summary>
    public string? Comment { get; init; }

    /// <summary>Whether a <c>NAME.pub</c> of another key may be replaced.</summary>
    public bool ReplacePublicKey { get; init; }

    /// <summary>The name only.</summary>
    public override string ToString() => $"key {Name}";
}
