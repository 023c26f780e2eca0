using System.Text;
using System.Text.Json;
using SecureAgent.Cli;
using SecureAgent.Cli.Audit;
using SecureAgent.Core;
using SecureAgent.Wire;

namespace SecureAgent.Tests.Cli.Audit;

public sealed class AuditCommandTests : IDisposable
{
    private readonly TestSurroundings _surroundings = new();
    private readonly AuditWorld _world = new();

    public void Dispose()
    {
        _surroundings.Dispose();
        _world.Dispose();
    }

    [Fact]
    public async Task Verify_says_how_many_records_are_whole_and_the_last_hash()
    {
        _world.Append(3);
        Assert.Equal(ExitCode.Done, await RunAsync("verify"));
        Assert.StartsWith("whole: 4 records in 1 file, ", _surroundings.Out, StringComparison.Ordinal);
        Assert.Contains(_world.Verify().LastHash!, _surroundings.Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Verify_names_the_changed_record_and_ends_with_1()
    {
        _world.Append(3);
        string[] lines = _world.Lines();
        _world.WriteLines([.. lines[..2], lines[2].Replace("root", "toor", StringComparison.Ordinal), .. lines[3..]]);
        Assert.Equal(ExitCode.Failed, await RunAsync("verify"));
        Assert.StartsWith($"{_world.File}:3: this record was changed", _surroundings.Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Verify_as_JSON_has_the_fields_of_schema_1()
    {
        _world.Append(3);
        Assert.Equal(ExitCode.Done, await RunAsync("verify", "--json"));
        JsonElement root = JsonDocument.Parse(_surroundings.Out).RootElement;
        Assert.Equal(
            ["schema:Number", "whole:True", "files:Number", "records:Number", "from:String", "to:String", "lastHash:String",
                "problemFile:Null", "problemLine:Null", "problem:Null", "remarks:Array"],
            root.EnumerateObject().Select(field => $"{field.Name}:{field.Value.ValueKind}"));
    }

    [Fact]
    public async Task A_kept_hash_is_looked_for()
    {
        _world.Append(3);
        string hash = _world.Verify().LastHash!;
        Assert.Equal(ExitCode.Done, await RunAsync("verify", "--expect", hash.ToUpperInvariant()));
        Assert.Equal(ExitCode.Failed, await RunAsync("verify", "--expect", new string('0', 64)));
        Assert.Equal(ExitCode.Usage, await RunAsync("verify", "--expect", "abc"));
        Assert.Equal(ExitCode.Usage, await RunAsync("tail", "-n", "-1"));
    }

    [Fact]
    public async Task Without_a_log_the_commands_say_so()
    {
        Assert.Equal(ExitCode.Failed, await RunAsync("verify"));
        Assert.Contains($"no audit log at {_world.File}", _surroundings.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Whom_a_relay_claims_to_speak_for_is_recorded_and_shown_as_claimed()
    {
        using (AuditJournal journal = _world.Journal())
        {
            ClaimedPeer claimed = new("wsl2", 1000, [new ClaimedProcess(12, "/usr/bin/git")]);
            journal.Append([AuditWorld.Record() with { Peer = AuditWorld.Peer with { Claimed = claimed } }]);
        }

        Assert.Contains(
            "\"claimed\":{\"channel\":\"wsl2\",\"uid\":1000,\"processes\":[{\"pid\":12,\"image\":\"/usr/bin/git\"}]}",
            _world.Lines()[1], StringComparison.Ordinal);
        Assert.Equal(ExitCode.Done, await RunAsync("tail"));
        Assert.Contains(
            "by \"/usr/bin/ssh\" pid 7 of user 1000 on unix, for wsl2 (claimed) /usr/bin/git",
            _surroundings.Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_log_is_where_the_user_keeps_state()
    {
        Requires.Linux("the directories of XDG");
        _surroundings.Environment["XDG_STATE_HOME"] = Path.Combine(_surroundings.Home, "s");
        Assert.Equal(ExitCode.Failed, await _surroundings.RunAsync("audit", "verify"));
        string expected = Path.Combine(_surroundings.Home, "s", "secure-agent", "audit.jsonl");
        Assert.Contains(expected, _surroundings.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Tail_prints_the_last_records_also_of_older_files()
    {
        _world.Append(12, limitBytes: 2000);
        Assert.Equal(ExitCode.Done, await RunAsync("tail", "-n", "9", "--json"));
        string[] lines = _surroundings.Out.TrimEnd('\n').Split('\n');
        string[] all = [.. _world.Names.OldestFirst().SelectMany(File.ReadAllLines)];
        Assert.Equal(all[^9..], lines);
    }

    [Fact]
    public async Task Tail_says_who_did_what_and_why_not_in_a_line_that_is_safe_to_show()
    {
        using AuditJournal journal = _world.Journal();
        journal.Append(
        [
            AuditWorld.Record(1),
            AuditWorld.Record(2) with { KeyName = "a\"\u001b[2J\n\u202e", Refusal = Refusal.Locked, Reason = "The agent is locked." },
        ]);
        Assert.Equal(ExitCode.Done, await RunAsync("tail", "-n", "2"));
        Assert.Equal(
            """
            2026-01-02T02:04:05.678Z  allowed  sign "key 1" SHA256:a+b/c: login as root, destination example.org, by "/usr/bin/ssh" pid 7 of user 1000 on unix
            2026-01-02T02:04:05.678Z  refused  sign "a\"\u{1B}[2J\u{A}\u{202E}" SHA256:a+b/c: login as root, destination example.org, by "/usr/bin/ssh" pid 7 of user 1000 on unix; Locked: The agent is locked.

            """,
            _surroundings.Out);
    }

    [Fact]
    public async Task Follow_goes_on_over_rotations_until_it_is_interrupted()
    {
        _world.Append(1);
        using CancellationTokenSource interrupted = new();
        using LineWriter printed = new();
        Surroundings surroundings = _surroundings.Value with { Out = printed };
        Task<int> following = CommandTree.RunAsync(
            ["audit", "tail", "--follow", "--json", "--file", _world.File], surroundings, interrupted.Token);
        await printed.WaitForAsync(2);
        _world.Append(11, limitBytes: 2000);
        string[] all = [.. _world.Names.OldestFirst().SelectMany(File.ReadAllLines)];
        Assert.InRange(_world.Names.OldestFirst().Count, 3, 9);
        await printed.WaitForAsync(all.Length);
        Assert.Equal(all, printed.Lines);
        await interrupted.CancelAsync();
        Assert.Equal(ExitCode.Interrupted, await following);
    }

    private Task<int> RunAsync(string verb, params string[] arguments) =>
        _surroundings.RunAsync(["audit", verb, "--file", _world.File, .. arguments]);

    /// <summary>Keeps the lines.</summary>
    private sealed class LineWriter : StringWriter
    {
        private readonly List<string> _lines = [];
        private readonly SemaphoreSlim _added = new(0);

        public override Encoding Encoding => Encoding.UTF8;

        public string[] Lines
        {
            get
            {
                lock (_lines)
                {
                    return [.. _lines];
                }
            }
        }

        public async Task WaitForAsync(int count)
        {
            while (Lines.Length < count)
            {
                Assert.True(await _added.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken));
            }
        }

        protected override void Dispose(bool disposing)
        {
            _added.Dispose();
            base.Dispose(disposing);
        }

        public override Task WriteLineAsync(string? value)
        {
            lock (_lines)
            {
                _lines.Add(value!);
            }

            _added.Release();
            return Task.CompletedTask;
        }
    }
}
