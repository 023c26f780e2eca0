namespace SecureAgent.Cli.Audit;

/// <summary>The newest record of a chain: what the next one continues.</summary>
/// <param name="Sequence">Its number; 0 before the first.</param>
/// <param name="Hash">Its hash, 64 lower-case hexadecimal digits; zeros before the first.</param>
internal sealed record AuditHead(long Sequence, string Hash)
{
    /// <summary>Digits of a hash.</summary>
    public const int HashDigits = 64;

    /// <summary>Before the first record.</summary>
    public static AuditHead None { get; } = new(0, new string('0', HashDigits));
}
