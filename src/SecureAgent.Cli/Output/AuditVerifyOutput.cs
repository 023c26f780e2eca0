namespace SecureAgent.Cli.Output;

/// <summary><c>audit verify --json</c>.</summary>
internal sealed record AuditVerifyOutput
{
    /// <summary>1.</summary>
    public int Schema { get; init; } = 1;

    /// <summary>Whether nothing is wrong.</summary>
    public required bool Whole { get; init; }

    /// <summary>How many files there are.</summary>
    public required int Files { get; init; }

    /// <summary>How many intact records were read before the first problem.</summary>
    public required long Records { get; init; }

    /// <summary>Time of the first of them, or null.</summary>
    public DateTimeOffset? From { get; init; }

    /// <summary>Time of the last of them, or null.</summary>
    public DateTimeOffset? To { get; init; }

    /// <summary>Hash of the last of them, or null.</summary>
    public string? LastHash { get; init; }

    /// <summary>File of the first problem, or null.</summary>
    public string? ProblemFile { get; init; }

    /// <summary>Its line, or null.</summary>
    public int? ProblemLine { get; init; }

    /// <summary>What it is, or null.</summary>
    public string? Problem { get; init; }

    /// <summary>What is no sign of tampering but worth knowing.</summary>
    public required IReadOnlyList<string> Remarks { get; init; }
}
