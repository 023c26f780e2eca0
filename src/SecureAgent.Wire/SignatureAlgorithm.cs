namespace SecureAgent.Wire;

/// <summary>An SSH signature algorithm.</summary>
public sealed class SignatureAlgorithm
{
}
