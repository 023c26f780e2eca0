namespace SecureAgent.Cli.Output;

/// <summary>One key, in <c>key list --json</c> and <c>key show --json</c>.</summary>
internal sealed record KeyOutput
{
    /// <summary>1.</summary>
    public int Schema { get; init; } = 1;

    /// <summary>The key's name.</summary>
    public required string Name { get; init; }

    /// <summary>Its kind with its size, such as <c>ecdsa-256</c>; empty if the key file is broken.</summary>
    public required string Type { get; init; }

    /// <summary>Where it lives: <c>tpm</c> or <c>piv</c>.</summary>
    public required string In { get; init; }

    /// <summary>SHA-256 fingerprint as OpenSSH writes it, or null if the key file is broken.</summary>
    public string? Fingerprint { get; init; }

    /// <summary>The SSH comment.</summary>
    public required string Comment { get; init; }

    /// <summary>Whether the private half is sealed data that leaves the TPM for each signature.</summary>
    public bool Sealed { get; init; }

    /// <summary>Whether a PIN is needed.</summary>
    public bool Pin { get; init; }

    /// <summary>The PCRs whose values are checked, such as <c>sha256:0,2,7</c>, or null.</summary>
    public string? Pcrs { get; init; }

    /// <summary>Handle of the parent key in the TPM, such as <c>0x40000001</c>, or null elsewhere.</summary>
    public string? Parent { get; init; }

    /// <summary>Path of the key file, or null if it has none.</summary>
    public string? File { get; init; }

    /// <summary>On a token: what names it to commands, such as <c>piv:12345678:9a</c>; else null.</summary>
    public string? Reference { get; init; }

    /// <summary>On a token: when it wants the PIN (<c>once</c>, <c>always</c> or <c>never</c>); else null.</summary>
    public string? PinPolicy { get; init; }

    /// <summary>On a token: when it wants a touch (<c>always</c>, <c>cached</c>, <c>never</c>, or <c>default</c> if it does
    /// not tell); else null.</summary>
    public string? TouchPolicy { get; init; }

    /// <summary>On a token: where it was made (<c>generated</c> there, <c>imported</c>, <c>unknown</c>); else
    /// null.</summary>
    public string? Origin { get; init; }

    /// <summary>Path of the public key file, or null if it is not there.</summary>
    public string? PublicKeyFile { get; init; }

    /// <summary>The certificate's key id, or null without certificate.</summary>
    public string? Certificate { get; init; }

    /// <summary>What is wrong with the key or its certificate, or null.</summary>
    public string? Problem { get; init; }
}
