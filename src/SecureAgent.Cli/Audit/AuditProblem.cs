namespace SecureAgent.Cli.Audit;

/// <summary>The first thing that is wrong with an audit log.</summary>
/// <param name="File">Path of the file.</param>
/// <param name="Line">Line number; 1 for the first.</param>
/// <param name="What">One sentence.</param>
internal sealed record AuditProblem(string File, int Line, string What)
{
    /// <inheritdoc/>
    public override string ToString() => $"{File}:{Line}: {What}";
}
