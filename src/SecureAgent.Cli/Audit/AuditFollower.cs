namespace SecureAgent.Cli.Audit;

/// <summary>Reads an audit log from its end and goes on with what is added, also when the file is rotated
/// meanwhile.</summary>
/// <param name="names">The files.</param>
internal sealed class AuditFollower(AuditFiles names)
{
    // Hash of the first line of the file that was read last, and where in it the next line begins.
    private string? _file;
    private long _offset;

    /// <summary>The last lines that are there now; <see cref="ReadNew"/> goes on behind them.</summary>
    /// <param name="most">How many at most.</param>
    /// <exception cref="IOException">A file cannot be read.</exception>
    public IReadOnlyList<byte[]> ReadLast(int most)
    {
        using AuditSnapshot snapshot = AuditSnapshot.Take(names);
        List<byte[]> lines = [];
        for (int i = snapshot.Files.Count - 1; i >= 0 && (lines.Count < most || i == snapshot.Files.Count - 1); i--)
        {
            Queue<byte[]> last = new();
            long end = ReadLines(snapshot.Files[i], 0, line =>
            {
                last.Enqueue(line);
                if (last.Count > most - lines.Count)
                {
                    last.Dequeue();
                }
            });
            lines.InsertRange(0, last);
            if (i == snapshot.Files.Count - 1)
            {
                (_file, _offset) = (Identity(snapshot.Files[i]), end);
            }
        }

        return lines;
    }

    /// <summary>The lines that were added since the last call.</summary>
    /// <exception cref="IOException">A file cannot be read.</exception>
    public IReadOnlyList<byte[]> ReadNew()
    {
        using AuditSnapshot snapshot = AuditSnapshot.Take(names);
        List<byte[]> lines = [];
        int known = snapshot.Files.Count - 1;
        while (known >= 0 && Identity(snapshot.Files[known]) != _file)
        {
            known--;
        }

        // If the file is gone, it was rotated away, and all that is there is new.
        for (int i = Math.Max(known, 0); i < snapshot.Files.Count; i++)
        {
            AuditSnapshotFile file = snapshot.Files[i];
            _offset = ReadLines(file, i == known ? Math.Min(_offset, file.Length) : 0, lines.Add);
            _file = Identity(file);
        }

        return lines;
    }

    private static long ReadLines(AuditSnapshotFile file, long offset, Action<byte[]> take)
    {
        AuditLineReader reader = file.ReadLines(offset);
        long end = offset;
        while (reader.Next() && reader.IsComplete)
        {
            take(reader.Line.ToArray());
            end = reader.LineStart + reader.Line.Length + 1;
        }

        return end;
    }

    private static string? Identity(AuditSnapshotFile file)
    {
        AuditLineReader reader = file.ReadLines();
        return reader.Next() && AuditLine.TryRead(reader.Line, out AuditLine line) ? line.Hash : null;
    }
}
