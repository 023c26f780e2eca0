namespace SecureAgent.Core;

/// <summary>One use of the agent, or one refusal. It holds no secret and no payload.</summary>
/// <param name="Action">What was asked: <c>sign</c>, <c>add</c>, <c>remove</c>, <c>remove-all</c>, <c>add-token</c>,
/// <c>remove-token</c>, <c>lock</c>, <c>unlock</c>, <c>extension</c> or <c>unknown</c>.</param>
/// <param name="Time">When it was decided.</param>
/// <param name="Peer">Who asked.</param>
/// <param name="IsForwarded">Whether through a forwarded connection.</param>
public sealed record AuditRecord(string Action, DateTimeOffset Time, PeerInfo Peer, bool IsForwarded)
{
    /// <summary>The key (<c>SHA256:…</c>), if one.</summary>
    public string? Fingerprint { get; init; }

    /// <summary>The key's comment, if it is known.</summary>
    public string? KeyName { get; init; }

    /// <summary>What was to be signed, in words.</summary>
    public string? Purpose { get; init; }

    /// <summary>Host names of the server that is logged in to, or its host key's fingerprint; if known.</summary>
    public string? Destination { get; init; }

    /// <summary>SHA-256 of the data that was to be signed; 32 bytes, or empty.</summary>
    public ReadOnlyMemory<byte> PayloadSha256 { get; init; }

    /// <summary>Why it was refused; <see langword="null"/> if it was done.</summary>
    public Refusal? Refusal { get; init; }

    /// <summary>The refusal in words.</summary>
    public string? Reason { get; init; }
}
