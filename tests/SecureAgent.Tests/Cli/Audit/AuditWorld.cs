using System.Text;
using SecureAgent.Cli.Audit;
using SecureAgent.Core;
using SecureAgent.Tests.Core;

namespace SecureAgent.Tests.Cli.Audit;

/// <summary>A directory with an audit log in it.</summary>
internal sealed class AuditWorld : IDisposable
{
    public static readonly DateTimeOffset Time = new(2026, 1, 2, 3, 4, 5, 678, TimeSpan.FromHours(1));

    public AuditWorld(int kept = AuditFiles.DefaultKept) =>
        Names = new AuditFiles(Path.Combine(Root, "state", "audit.jsonl"), kept);

    public string Root { get; } = Directory.CreateTempSubdirectory("sa-audit-").FullName;

    public AuditFiles Names { get; }

    public RecordingLog Log { get; } = new();

    public string File => Names.Current;

    public static AuditRecord Record(int number = 0) => new("sign", Time, Peer, IsForwarded: false)
    {
        Fingerprint = "SHA256:a+b/c",
        KeyName = $"key {number}",
        Purpose = "login as root",
        Destination = "example.org",
        PayloadSha256 = Enumerable.Range(0, 32).Select(value => (byte)value).ToArray(),
    };

    public static PeerInfo Peer { get; } = new("unix")
    {
        ProcessId = 7,
        User = "1000",
        ReadProcesses = () => [new PeerProcess(7, "/usr/bin/ssh"), new PeerProcess(6, "/bin/bash")],
    };

    public AuditJournal Journal(long limitBytes = AuditJournal.DefaultLimitBytes) =>
        new(Names, limitBytes, TimeProvider.System);

    /// <summary>Writes records one by one with a journal of their own.</summary>
    public void Append(int count, long limitBytes = AuditJournal.DefaultLimitBytes)
    {
        using AuditJournal journal = Journal(limitBytes);
        for (int i = 0; i < count; i++)
        {
            journal.Append([Record(i)]);
        }
    }

    public AuditReport Verify(string? expected = null)
    {
        using AuditSnapshot snapshot = AuditSnapshot.Take(Names);
        return AuditVerifier.Verify(snapshot, expected);
    }

    /// <summary>Where the problem is: <c>audit.jsonl:3</c>; empty if there is none.</summary>
    public string Problem() => Verify().Problem is AuditProblem problem
        ? $"{Path.GetFileName(problem.File)}:{problem.Line}"
        : "";

    /// <summary>The lines so far; the journal may be open.</summary>
    public string[] Lines()
    {
        using FileStream file = new(File, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        using StreamReader reader = new(file, Encoding.UTF8);
        string text = reader.ReadToEnd();
        return text.Length == 0 ? [] : text.TrimEnd('\n').Split('\n');
    }

    public void WriteLines(IEnumerable<string> lines) =>
        System.IO.File.WriteAllText(File, string.Concat(lines.Select(line => line + "\n")));

    public void Dispose() => Directory.Delete(Root, recursive: true);
}
