using System.Text.Json;
using SecureAgent.Cli.Audit;
using SecureAgent.Core;

namespace SecureAgent.Tests.Cli.Audit;

public sealed class AuditJournalTests : IDisposable
{
    private const long FourRecords = 2000;

    private readonly AuditWorld _world = new(kept: 3);

    public void Dispose() => _world.Dispose();

    [Fact]
    public void A_record_says_everything_in_one_line()
    {
        using AuditJournal journal = _world.Journal();
        journal.Append([AuditWorld.Record() with { Refusal = Refusal.NotConfirmed, Reason = "The person said no." }]);
        JsonElement record = JsonDocument.Parse(_world.Lines()[1]).RootElement;
        string[] members = [.. record.EnumerateObject().SkipLast(2).Select(member => $"{member.Name}={member.Value}")];
        Assert.Equal(
            [
                "seq=2", "time=2026-01-02T02:04:05.678Z", "action=sign", "verdict=refused", "key=SHA256:a+b/c", "name=key 0",
                "purpose=login as root", "destination=example.org", "forwarded=False", "channel=unix", "user=1000",
                """processes=[{"pid":7,"image":"/usr/bin/ssh"},{"pid":6,"image":"/bin/bash"}]""",
                "refusal=NotConfirmed", "reason=The person said no.",
                "payload=000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f",
            ],
            members);
    }

    [Theory]
    [InlineData("\n{\"seq\":3}\r\u0000\u001b[2J\u007f\u009b\u2028\u202e\"\\")]
    [InlineData("\ud83d\udd11 \ud800 \udc00 é")]
    public void Text_from_outside_stays_printable_ASCII_in_its_line(string text)
    {
        string million = string.Concat(Enumerable.Repeat(text, 1_000_000 / text.Length));
        using AuditJournal journal = _world.Journal();
        PeerInfo peer = new("unix") { User = million, ReadProcesses = () => [.. Enumerable.Repeat(new PeerProcess(1, million), 100)] };
        AuditRecord record = new("sign", AuditWorld.Time, peer, true) { KeyName = million, Purpose = million, Destination = million };
        journal.Append([record with { Refusal = Refusal.Malformed, Reason = text }]);
        byte[] bytes = File.ReadAllBytes(_world.File);
        Assert.Equal(2, bytes.Count(value => value == '\n'));
        Assert.True(bytes.All(value => value is (byte)'\n' or >= (byte)' ' and <= (byte)'~'));
        Assert.InRange(bytes.Length, 1, 64 * 1024);
        Assert.Null(_world.Verify().Problem);
        JsonElement written = JsonDocument.Parse(_world.Lines()[1]).RootElement;
        // A lone surrogate is no character, and is written as the one that stands for such.
        Assert.Equal(
            System.Text.Encoding.UTF8.GetString(System.Text.Encoding.UTF8.GetBytes(text)),
            written.GetProperty("reason").GetString());
        Assert.EndsWith("…", written.GetProperty("name").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public void The_chain_goes_across_files_and_the_oldest_are_dropped()
    {
        using AuditJournal journal = _world.Journal(FourRecords);
        string[] files = ["audit.jsonl.3", "audit.jsonl.2", "audit.jsonl.1", "audit.jsonl"];
        for (int i = 0; i < 40; i++)
        {
            journal.Append([AuditWorld.Record(i)]);
            AuditReport report = _world.Verify();
            Assert.Null(report.Problem);
            Assert.InRange(report.Files, 1, 4);
        }

        Assert.Equal(files, _world.Names.OldestFirst().Select(file => Path.GetFileName(file)));
        Assert.Contains("older files were rotated away", Assert.Single(_world.Verify().Remarks), StringComparison.Ordinal);
        Assert.Contains("key 39", _world.Lines()[^1], StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_removed_from_the_middle_is_missed()
    {
        _world.Append(12, FourRecords);
        File.Delete(_world.Names.Rotated(1));
        Assert.Equal("audit.jsonl:1", _world.Problem());
        Assert.Contains("are missing", _world.Verify().Problem!.What, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(2)]
    [InlineData(9)]
    [InlineData(25)]
    public void A_crash_at_any_step_of_rotation_loses_nothing(int records)
    {
        for (int steps = 0; steps <= 4; steps++)
        {
            using AuditWorld world = new(kept: 3);
            world.Append(records, FourRecords);
            long last = world.Verify().Records + FirstRecord(world) - 1;
            Assert.InRange(world.Names.MoveAway().Take(steps).Count(), 0, steps);
            File.WriteAllText(world.Names.Next, "{\"seq\":"); // The next file was being written.
            if (world.Names.OldestFirst().Count > 0)
            {
                Assert.Null(world.Verify().Problem);
            }

            world.Append(6, FourRecords);
            Assert.Equal("", world.Problem());
            Assert.InRange(world.Verify().Records + FirstRecord(world) - 1, last + 6, last + 9);
        }

        static long FirstRecord(AuditWorld world)
        {
            AuditLine.TryRead(File.ReadAllLines(world.Names.OldestFirst()[0]).Select(System.Text.Encoding.ASCII.GetBytes).First(), out AuditLine line);
            return line.Sequence;
        }
    }

    [Fact]
    public void A_log_that_was_moved_away_while_an_agent_runs_goes_on_with_the_same_chain()
    {
        using AuditJournal journal = _world.Journal();
        journal.Append([AuditWorld.Record()]);
        string last = _world.Verify().LastHash!;
        File.Delete(_world.File);
        journal.Append([AuditWorld.Record()]);
        Assert.Contains(last, _world.Lines()[0], StringComparison.Ordinal);
        Assert.Null(_world.Verify().Problem);
    }

    [Fact]
    public async Task Several_agents_write_one_chain()
    {
        const int Writers = 3;
        const int Each = 300;
        CancellationToken ct = TestContext.Current.CancellationToken;
        await Task.WhenAll(Enumerable.Range(0, Writers).Select(writer => Task.Run(
            () =>
            {
                using AuditJournal journal = new(new AuditFiles(_world.File, 99), 40_000, TimeProvider.System);
                for (int i = 0; i < Each; i++)
                {
                    journal.Append([AuditWorld.Record(writer), AuditWorld.Record(writer)]);
                }
            },
            ct)));
        AuditFiles names = new(_world.File, 99);
        using AuditSnapshot snapshot = AuditSnapshot.Take(names);
        AuditReport report = AuditVerifier.Verify(snapshot, null);
        Assert.Null(report.Problem);
        Assert.Empty(report.Remarks);
        Assert.Equal((Writers * Each * 2) + report.Files, report.Records);
        Assert.InRange(report.Files, 5, 99);
    }

    [Fact]
    public void Only_the_user_may_read_the_log()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Modes are those of Linux.");
        if (OperatingSystem.IsLinux())
        {
            _world.Append(1);
            const UnixFileMode File600 = UnixFileMode.UserRead | UnixFileMode.UserWrite;
            Assert.Equal(File600, File.GetUnixFileMode(_world.File));
            Assert.Equal(File600, File.GetUnixFileMode(_world.Names.Lock));
            Assert.Equal(File600 | UnixFileMode.UserExecute, File.GetUnixFileMode(Path.GetDirectoryName(_world.File)!));
            File.SetUnixFileMode(_world.File, File600 | UnixFileMode.OtherRead);
            _world.Append(1);
            Assert.Equal(File600, File.GetUnixFileMode(_world.File));
        }
    }

    [Fact]
    public void A_link_in_the_place_of_the_log_is_not_followed()
    {
        Requires.Linux("symbolic links without a privilege");
        string target = Path.Combine(_world.Root, "victim");
        File.WriteAllText(target, "mine");
        Directory.CreateDirectory(Path.GetDirectoryName(_world.File)!);
        File.CreateSymbolicLink(_world.File, target);
        IOException refused = Assert.Throws<IOException>(() => _world.Append(1));
        Assert.Contains("symbolic link", refused.Message, StringComparison.Ordinal);
        Assert.Equal("mine", File.ReadAllText(target));
    }

    [Fact]
    public void A_file_of_somebody_else_is_not_written_to()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux() && Environment.UserName == "root", "Needs root, to give a file away: run the tests as root.");
        _world.Append(1);
        using System.Diagnostics.Process chown = System.Diagnostics.Process.Start("chown", ["12345", _world.File]);
        chown.WaitForExit();
        IOException refused = Assert.Throws<IOException>(() => _world.Append(1));
        Assert.Contains("belongs to user 12345", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_pipe_in_the_place_of_the_log_does_not_hold_the_agent()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Pipes with a name are those of Linux.");
        Directory.CreateDirectory(Path.GetDirectoryName(_world.File)!);
        using System.Diagnostics.Process mkfifo = System.Diagnostics.Process.Start("mkfifo", [_world.File]);
        mkfifo.WaitForExit();
        Assert.Contains("not a regular file", Assert.Throws<IOException>(() => _world.Append(1)).Message, StringComparison.Ordinal);
    }
}
