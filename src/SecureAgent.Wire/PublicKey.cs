namespace SecureAgent.Wire;

/// <summary>A plain public key (RFC 4253 section 6.6, RFC 5656 section 3.1, RFC 8709 section 4).</summary>
public sealed class PublicKey
{
}
