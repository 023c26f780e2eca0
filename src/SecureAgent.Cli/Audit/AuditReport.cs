namespace SecureAgent.Cli.Audit;

/// <summary>What verification found, up to the first problem.</summary>
internal sealed record AuditReport
{
    /// <summary>The first problem, or <see langword="null"/> if the chain is whole.</summary>
    public AuditProblem? Problem { get; init; }

    /// <summary>How many intact records were read, those of the log about itself included.</summary>
    public required long Records { get; init; }

    /// <summary>How many files there are.</summary>
    public required int Files { get; init; }

    /// <summary>Time of the first record.</summary>
    public DateTimeOffset? From { get; init; }

    /// <summary>Time of the last record.</summary>
    public DateTimeOffset? To { get; init; }

    /// <summary>Hash of the last record, or <see langword="null"/> if there is none.</summary>
    public string? LastHash { get; init; }

    /// <summary>What is no sign of tampering but worth knowing; a sentence each.</summary>
    public required IReadOnlyList<string> Remarks { get; init; }
}
