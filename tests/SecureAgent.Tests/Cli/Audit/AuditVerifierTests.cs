using System.Diagnostics;
using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;
using SecureAgent.Cli.Audit;

namespace SecureAgent.Tests.Cli.Audit;

public sealed partial class AuditVerifierTests : IDisposable
{
    private const int Records = 6; // and the file's first line

    private readonly AuditWorld _world = new();

    public AuditVerifierTests() => _world.Append(Records);

    public void Dispose() => _world.Dispose();

    [Fact]
    public void A_log_as_it_was_written_is_whole()
    {
        AuditReport report = _world.Verify();
        Assert.Null(report.Problem);
        Assert.Equal(Records + 1, report.Records);
        Assert.Empty(report.Remarks);
        Assert.EndsWith($"\"{report.LastHash}\"}}", _world.Lines()[^1], StringComparison.Ordinal);
    }

    [Fact]
    public void Any_changed_byte_is_found_in_its_line()
    {
        byte[] good = File.ReadAllBytes(_world.File);
        for (int i = 0; i < good.Length; i++)
        {
            byte[] bad = [.. good];
            bad[i] ^= (byte)(1 << (i % 7));
            File.WriteAllBytes(_world.File, bad);
            int line = good.AsSpan(0, i).Count((byte)'\n') + 1;
            Assert.Equal($"audit.jsonl:{line}", _world.Problem());
        }
    }

    [Fact]
    public void Any_removed_or_added_byte_is_found_in_its_line()
    {
        byte[] good = File.ReadAllBytes(_world.File);
        for (int i = 0; i < good.Length; i += 3)
        {
            int line = good.AsSpan(0, i).Count((byte)'\n') + 1;
            File.WriteAllBytes(_world.File, [.. good[..i], .. good[(i + 1)..]]);
            Assert.Equal($"audit.jsonl:{line}", _world.Problem());
            File.WriteAllBytes(_world.File, [.. good[..i], (byte)'\n', .. good[i..]]);
            int first = good[i] == '\n' ? line + 1 : line; // Then the added byte is a line of its own.
            Assert.Equal($"audit.jsonl:{first}", _world.Problem());
        }
    }

    [Fact]
    public void A_file_cut_anywhere_but_between_records_is_found_incomplete()
    {
        byte[] good = File.ReadAllBytes(_world.File);
        for (int length = 0; length < good.Length; length++)
        {
            File.WriteAllBytes(_world.File, good[..length]);
            bool betweenRecords = length > 0 && good[length - 1] == '\n';
            int line = good.AsSpan(0, length).Count((byte)'\n') + 1;
            Assert.Equal(betweenRecords ? "" : $"audit.jsonl:{line}", _world.Problem());
        }
    }

    [Fact]
    public void A_file_cut_anywhere_is_continued_and_the_incomplete_line_noted()
    {
        byte[] good = File.ReadAllBytes(_world.File);
        int header = good.AsSpan().IndexOf((byte)'\n') + 1;
        int last = good.AsSpan(0, good.Length - 1).LastIndexOf((byte)'\n') + 1;
        foreach (int length in Enumerable.Range(header, 20).Concat(Enumerable.Range(last, good.Length - last)))
        {
            File.WriteAllBytes(_world.File, good[..length]);
            _world.Append(1);
            AuditReport report = _world.Verify();
            Assert.Null(report.Problem);
            // Nothing is torn between records, nor in a record of which only the line end is missing.
            bool isTorn = good[length - 1] != '\n' && good[length] != '\n';
            Assert.Equal(isTorn ? 1 : 0, report.Remarks.Count);
            Assert.True(File.ReadAllBytes(_world.File).AsSpan().StartsWith(good.AsSpan(0, length)));
        }
    }

    [Fact]
    public void A_noted_incomplete_line_is_protected_like_a_record()
    {
        byte[] good = File.ReadAllBytes(_world.File);
        File.WriteAllBytes(_world.File, good[..^20]);
        _world.Append(1);
        string[] lines = _world.Lines();
        Assert.Null(_world.Verify().Problem);
        _world.WriteLines([.. lines[..Records], lines[Records].Replace("root", "toor", StringComparison.Ordinal), .. lines[(Records + 1)..]]);
        Assert.Equal($"audit.jsonl:{Records + 1}", _world.Problem());
        _world.WriteLines([.. lines[..Records], .. lines[(Records + 1)..]]);
        Assert.Equal($"audit.jsonl:{Records + 1}", _world.Problem());
    }

    [Fact]
    public void A_changed_last_line_does_not_become_an_incomplete_one_when_an_agent_starts()
    {
        byte[] bytes = File.ReadAllBytes(_world.File);
        bytes[^90] ^= 1;
        File.WriteAllBytes(_world.File, bytes);
        _world.Append(1);
        Assert.Equal($"audit.jsonl.1:{Records + 1}", _world.Problem());
    }

    [Fact]
    public void Removed_records_are_missed()
    {
        string[] lines = _world.Lines();
        _world.WriteLines([.. lines[..2], .. lines[3..]]);
        Assert.Equal("record 3 is missing before this one.", _world.Verify().Problem!.What);
        _world.WriteLines([.. lines[..2], .. lines[4..]]);
        Assert.Equal("records 3 to 4 are missing before this one.", _world.Verify().Problem!.What);
        Assert.Equal("audit.jsonl:3", _world.Problem());
        _world.WriteLines(lines[1..]);
        Assert.Equal("audit.jsonl:1", _world.Problem());
    }

    [Fact]
    public void Repeated_and_moved_records_are_found()
    {
        string[] lines = _world.Lines();
        _world.WriteLines([.. lines[..3], lines[2], .. lines[3..]]);
        Assert.Equal("record 3 is here a second time.", _world.Verify().Problem!.What);
        Assert.Equal("audit.jsonl:4", _world.Problem());
        _world.WriteLines([.. lines[..2], lines[3], lines[2], .. lines[4..]]);
        Assert.Equal("audit.jsonl:3", _world.Problem());
        _world.WriteLines([.. lines, lines[2]]);
        Assert.Equal($"audit.jsonl:{lines.Length + 1}", _world.Problem());
    }

    [Fact]
    public void A_record_with_a_right_hash_in_the_place_of_another_is_found_by_the_next()
    {
        string[] lines = _world.Lines();
        string covered = lines[3][..^AuditLine.HashPartBytes].Replace("key 2", "key 9", StringComparison.Ordinal);
        string hash = Convert.ToHexStringLower(SHA256.HashData(Encoding.ASCII.GetBytes(covered)));
        lines[3] = $"{covered},\"hash\":\"{hash}\"}}";
        _world.WriteLines(lines);
        Assert.Equal("audit.jsonl:5", _world.Problem());
        Assert.Equal("the record before this one was replaced.", _world.Verify().Problem!.What);
    }

    [Fact]
    public void A_kept_hash_shows_that_the_newest_records_were_removed()
    {
        string[] lines = _world.Lines();
        string last = _world.Verify().LastHash!;
        Assert.Null(_world.Verify(last).Problem);
        _world.WriteLines(lines[..^1]);
        Assert.Null(_world.Verify().Problem);
        Assert.Contains(last, _world.Verify(last).Problem!.What, StringComparison.Ordinal);
    }

    [Fact]
    public void Records_removed_while_an_agent_runs_are_missed()
    {
        using AuditJournal journal = _world.Journal();
        journal.Append([AuditWorld.Record()]);
        _world.WriteLines(_world.Lines()[..^2]);
        journal.Append([AuditWorld.Record()]);
        Assert.Equal($"audit.jsonl:{Records + 1}", _world.Problem());
    }

    [Fact]
    public void The_recipe_of_the_documentation_finds_the_same()
    {
        string[] lines = _world.Lines();
        Assert.Equal($"whole, last hash {_world.Verify().LastHash}\n", RunRecipe());
        _world.WriteLines([.. lines[..2], lines[2].Replace("key 1", "key 7", StringComparison.Ordinal), .. lines[3..]]);
        Assert.StartsWith("wrong: {\"seq\":3,", RunRecipe(), StringComparison.Ordinal);
        _world.WriteLines([.. lines[..2], .. lines[3..]]);
        Assert.StartsWith("wrong: {\"seq\":4,", RunRecipe(), StringComparison.Ordinal);
    }

    private string RunRecipe()
    {
        string? root = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(root!, "SecureAgent.sln")))
        {
            root = Path.GetDirectoryName(root);
        }

        string documentation = File.ReadAllText(Path.Combine(root!, "docs", "audit.md"));
        string script = Recipe().Match(documentation).Groups[1].Value;
        ProcessStartInfo start = new(Requires.Tool("sh"), ["-c", script, "sh", _world.File]) { RedirectStandardOutput = true };
        using Process process = Process.Start(start)!;
        string printed = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return printed;
    }

    [GeneratedRegex("```sh\n(.*?)```", RegexOptions.Singleline)]
    private static partial Regex Recipe();
}
