namespace SecureAgent.Cli.Audit;

/// <summary>Records that could not be kept.</summary>
/// <param name="Count">How many.</param>
/// <param name="From">Time of the first.</param>
/// <param name="To">Time of the last.</param>
internal sealed record AuditLoss(long Count, DateTimeOffset From, DateTimeOffset To);
