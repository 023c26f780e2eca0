using System.Globalization;
using System.Security.Cryptography;

namespace SecureAgent.Cli.Audit;

/// <summary>Walks the files of an audit log, oldest first, and checks every line's hash, its number and its link to the
/// line before (docs/audit.md).</summary>
internal sealed class AuditVerifier
{
    private readonly string? _expected;
    private readonly List<string> _remarks = [];
    private AuditLine? _last;
    private FoundTorn? _torn;
    private AuditProblem? _problem;
    private long _records;
    private bool _foundExpected;
    private DateTimeOffset? _from;
    private DateTimeOffset? _to;

    private AuditVerifier(string? expected) => _expected = expected;

    /// <summary>Checks everything.</summary>
    /// <param name="snapshot">The files; at least one.</param>
    /// <param name="expected">A hash, 64 lower-case hexadecimal digits, that a record must have; or <see
    /// langword="null"/>.</param>
    /// <exception cref="IOException">A file cannot be read.</exception>
    public static AuditReport Verify(AuditSnapshot snapshot, string? expected)
    {
        AuditVerifier verifier = new(expected);
        foreach (AuditSnapshotFile file in snapshot.Files)
        {
            verifier.Read(file);
            if (verifier._problem is not null)
            {
                break;
            }
        }

        return verifier.Report(snapshot.Files);
    }

    private void Read(AuditSnapshotFile file)
    {
        AuditLineReader lines = file.ReadLines();
        while (_problem is null && lines.Next())
        {
            Check(lines, file.Path);
        }

        if (_problem is null && _torn is FoundTorn torn)
        {
            _problem = new AuditProblem(torn.File, torn.Line, torn.IsComplete
                ? "this record was changed, or is none."
                : "this record is incomplete: a crash stopped its writing, or it was cut. An agent notes it when it "
                    + "starts.");
        }
        else if (_problem is null && lines.Number == 0)
        {
            _problem = new AuditProblem(file.Path, 1, "the file is empty: its records were removed.");
        }
    }

    private void Check(AuditLineReader lines, string file)
    {
        AuditEntry? entry = lines.IsComplete ? AuditEntry.Read(lines.Line) : null;
        if (_torn is FoundTorn torn)
        {
            if (entry is null || !torn.IsNotedBy(entry))
            {
                _problem = new AuditProblem(torn.File, torn.Line, "this record was changed, or is none.");
                return;
            }

            _torn = null;
            _remarks.Add($"{torn.File}:{torn.Line}: a crash left this line incomplete; the next record says so.");
        }
        else if (entry is null)
        {
            _torn = FoundTorn.Of(lines, file);
            return;
        }
        else if (entry.Action == AuditLines.TornAction)
        {
            _problem = new AuditProblem(file, lines.Number, "the incomplete line that this record notes was removed.");
            return;
        }

        if (WhatIsWrong(entry, isFirst: lines.Number == 1) is string wrong)
        {
            _problem = new AuditProblem(file, lines.Number, wrong);
            return;
        }

        if (entry.Action == AuditLines.LostAction)
        {
            _remarks.Add(string.Create(CultureInfo.InvariantCulture,
                $"{file}:{lines.Number}: {entry.Number("count")} records were lost, as the disk did not take them."));
        }

        _last = entry.Line;
        _records++;
        _foundExpected |= entry.Line.Hash == _expected;
        _from ??= entry.Time;
        _to = entry.Time ?? _to;
    }

    private string? WhatIsWrong(AuditEntry entry, bool isFirst)
    {
        AuditLine line = entry.Line;
        if (isFirst != (entry.Action == AuditLines.BeginAction))
        {
            return isFirst
                ? "the records before this one were removed from the file."
                : "a file begins here, in the middle of another.";
        }

        if (isFirst && entry.Number("schema") != AuditLines.Schema)
        {
            return "the file is of another version of SecureAgent; verify it with that.";
        }

        if (_last is not AuditLine last)
        {
            if (line.Sequence > 1)
            {
                _remarks.Add(string.Create(CultureInfo.InvariantCulture,
                    $"The log begins with record {line.Sequence}; older files were rotated away or removed."));
            }

            return (line.Sequence == 1) == (line.Previous == AuditHead.None.Hash)
                ? null
                : "this record was changed: only the very first one follows none.";
        }

        return (line.Sequence - last.Sequence) switch
        {
            1 when line.Previous == last.Hash => null,
            1 => "the record before this one was replaced.",
            2 => $"record {last.Sequence + 1} is missing before this one.",
            > 2 => $"records {last.Sequence + 1} to {line.Sequence - 1} are missing before this one.",
            0 => $"record {line.Sequence} is here a second time.",
            _ when line.Previous == AuditHead.None.Hash =>
                $"another chain begins here: what followed record {last.Sequence} was removed or damaged.",
            _ => $"record {line.Sequence} stands after record {last.Sequence}: records were moved or copied.",
        };
    }

    private AuditReport Report(IReadOnlyList<AuditSnapshotFile> files)
    {
        AuditProblem? problem = _problem;
        if (problem is null && _expected is not null && !_foundExpected)
        {
            problem = new AuditProblem(files[^1].Path, 1,
                $"no record has the hash {_expected}: records were removed or rewritten since, or rotated away.");
        }

        return new AuditReport
        {
            Problem = problem,
            Records = _records,
            Files = files.Count,
            From = _from,
            To = _to,
            LastHash = _last?.Hash,
            Remarks = _remarks,
        };
    }

    /// <summary>A line that is no record, until the next one explains it.</summary>
    private sealed record FoundTorn(string File, int Line, bool IsComplete, int Bytes, string Sha256)
    {
        public static FoundTorn Of(AuditLineReader lines, string file) => new(
            file, lines.Number, lines.IsComplete, lines.Line.Length,
            Convert.ToHexStringLower(SHA256.HashData(lines.Line)));

        public bool IsNotedBy(AuditEntry entry) => entry.Action == AuditLines.TornAction
            && entry.Number("bytes") == Bytes
            && entry.Text("sha256") == Sha256;
    }
}
