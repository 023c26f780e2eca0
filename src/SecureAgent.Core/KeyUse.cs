namespace SecureAgent.Core;

/// <summary>What is known of the use of a key, for the log and the audit log.</summary>
/// <param name="Fingerprint">The key (<c>SHA256:…</c>).</param>
internal sealed record KeyUse(string Fingerprint)
{
    /// <summary>The key's comment, if it is known.</summary>
    public string? KeyName { get; init; }

    /// <summary>What is to be signed, in words.</summary>
    public string? Purpose { get; init; }

    /// <summary>The server that is logged in to.</summary>
    public string? Destination { get; init; }

    /// <summary>SHA-256 of the data that is to be signed; 32 bytes, or empty.</summary>
    public ReadOnlyMemory<byte> PayloadSha256 { get; init; }
}
