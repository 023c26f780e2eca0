namespace SecureAgent.Cli.Audit;

/// <summary>The files of one audit log: the one that grows, and beside it the older ones, <c>.1</c> the
/// youngest.</summary>
/// <param name="Current">Full path of the one that grows.</param>
/// <param name="Kept">How many older ones are kept.</param>
internal sealed record AuditFiles(string Current, int Kept = AuditFiles.DefaultKept)
{
    /// <summary>How many older files are kept if nothing else is said.</summary>
    public const int DefaultKept = 8;

    /// <summary>Whoever writes holds this file's lock.</summary>
    public string Lock => Current + ".lock";

    /// <summary>Where the next file is written before it gets its name.</summary>
    public string Next => Current + ".new";

    /// <summary>Those that are there, oldest first. A number may be missing after a crash in <see
    /// cref="MoveAway"/>.</summary>
    public IReadOnlyList<string> OldestFirst() =>
        [.. Enumerable.Range(1, Kept).Reverse().Select(Rotated).Append(Current).Where(File.Exists)];

    /// <summary>Path of an older file.</summary>
    /// <param name="number">1 for the youngest.</param>
    public string Rotated(int number) => $"{Current}.{number}";

    /// <summary>Makes the current file an older one, step by step as it is enumerated. Each step is one atomic change
    /// of a name, so that a crash between two leaves every record and their order; the next call goes on from
    /// there.</summary>
    /// <returns>The path that each step freed.</returns>
    /// <exception cref="IOException">A step failed.</exception>
    public IEnumerable<string> MoveAway()
    {
        int free = 1;
        while (free < Kept && File.Exists(Rotated(free)))
        {
            free++;
        }

        for (int number = free - 1; number >= 0; number--)
        {
            string from = number == 0 ? Current : Rotated(number);
            File.Move(from, Rotated(number + 1), overwrite: true); // The one that is lost is the oldest.
            yield return from;
        }
    }
}
