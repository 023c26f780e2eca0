namespace SecureAgent.Bench;

/// <summary>What one run of the load generator saw.</summary>
/// <param name="Rate">Answers per second.</param>
/// <param name="P99">The time that 99 of 100 requests did not exceed, in microseconds from the request's first byte to
/// the answer's last, or from connect where each request has a connection of its own.</param>
internal readonly record struct Load(double Rate, double P99);
