using SecureAgent.Cli.Audit;
using SecureAgent.Core;
using SecureAgent.Tests.Backends.Tpm;

namespace SecureAgent.Tests.Cli.Audit;

public sealed class AuditLogTests : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly AuditWorld _world = new();

    public void Dispose() => _world.Dispose();

    [Fact]
    public void Everything_is_written_in_order_before_the_end()
    {
        using (AuditLog log = Start(denies: false))
        {
            for (int i = 0; i < 5000; i++)
            {
                log.Write(AuditWorld.Record(i));
            }
        }

        string[] lines = _world.Lines();
        Assert.Equal(5001, lines.Length);
        Assert.All(Enumerable.Range(0, 5000), i => Assert.Contains($"\"key {i}\"", lines[i + 1], StringComparison.Ordinal));
        Assert.Null(_world.Verify().Problem);
        Assert.Empty(_world.Log.Events);
    }

    [Fact]
    public void A_lone_record_is_written_without_waiting_for_more()
    {
        using AuditLog log = Start(denies: false);
        log.Write(AuditWorld.Record());
        Assert.True(SpinWait.SpinUntil(() => _world.Lines().Length == 2, Patience));
    }

    [Fact]
    public async Task Many_threads_and_a_small_queue_lose_nothing()
    {
        using (AuditLog log = new(_world.Journal(), denies: false, _world.Log, TimeProvider.System, capacity: 16))
        {
            await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Task.Run(() =>
            {
                for (int i = 0; i < 500; i++)
                {
                    log.Write(AuditWorld.Record(i));
                }
            })));
        }

        Assert.Equal(2001, _world.Verify().Records);
        Assert.Empty(_world.Log.Events);
    }

    [Fact]
    public void A_process_is_looked_at_when_it_asks()
    {
        bool read = false;
        PeerInfo peer = new("unix") { ReadProcesses = () => { read = true; return []; } };
        using AuditLog log = Start(denies: false);
        log.Write(new AuditRecord("sign", AuditWorld.Time, peer, false));
        Assert.True(read);
    }

    [Fact]
    public void A_full_disk_with_continue_loses_only_what_finds_no_room_and_says_how_much()
    {
        using SmallDisk disk = SmallDisk.Mount(Path.Combine(_world.Root, "state"));
        using (AuditLog log = new(_world.Journal(), denies: false, _world.Log, TimeProvider.System, capacity: 8))
        {
            disk.Fill();
            FillFile(disk);
            log.Write(AuditWorld.Record(0));
            Assert.True(SpinWait.SpinUntil(() => _world.Log.Events.Count > 0, Patience));
            for (int i = 1; i <= 20; i++)
            {
                log.Write(AuditWorld.Record(i));
            }

            Assert.Null(log.Blocked);
            disk.Empty();
            Assert.True(SpinWait.SpinUntil(() => _world.Log.Events.Count == 2, Patience));
        }

        AuditReport report = _world.Verify();
        Assert.Null(report.Problem);
        Assert.Contains("12 records were lost", Assert.Single(report.Remarks), StringComparison.Ordinal);
        Assert.Equal(1 + 9 + 1, report.Records - Filler());
        Assert.Equal([AgentEventLevel.Warning, AgentEventLevel.Warning], _world.Log.Events.Select(said => said.Level));
        Assert.Contains(_world.File, _world.Log.Events[0].Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_full_disk_with_deny_blocks_until_there_is_room()
    {
        using SmallDisk disk = SmallDisk.Mount(Path.Combine(_world.Root, "state"));
        using AuditLog log = Start(denies: true);
        Assert.Null(log.Blocked);
        disk.Fill();
        FillFile(disk);
        log.Write(AuditWorld.Record(0));
        Assert.True(SpinWait.SpinUntil(() => log.Blocked is not null, Patience));
        Assert.Contains(_world.File, log.Blocked, StringComparison.Ordinal);
        disk.Empty();
        Assert.True(SpinWait.SpinUntil(() => log.Blocked is null, Patience));
        Assert.Null(_world.Verify().Problem);
        Assert.Equal(2, _world.Verify().Records - Filler());
    }

    [Fact]
    public void A_log_that_cannot_be_opened_blocks_from_the_start_and_works_when_it_can()
    {
        string directory = Path.GetDirectoryName(_world.File)!;
        File.WriteAllText(directory, "in the way");
        using AuditLog log = Start(denies: true);
        Assert.NotNull(log.Blocked);
        File.Delete(directory);
        Assert.True(SpinWait.SpinUntil(() => log.Blocked is null, Patience));
        Assert.Equal(1, _world.Verify().Records);
    }

    [Fact]
    public void The_end_with_a_disk_that_takes_nothing_is_bounded_and_says_what_is_lost()
    {
        File.WriteAllText(Path.GetDirectoryName(_world.File)!, "in the way");
        AuditLog log = Start(denies: false);
        log.Write(AuditWorld.Record(0));
        log.Write(AuditWorld.Record(1));
        long start = TimeProvider.System.GetTimestamp();
        log.Dispose();
        Assert.InRange(TimeProvider.System.GetElapsedTime(start), TimeSpan.Zero, TimeSpan.FromSeconds(10));
        Assert.StartsWith("2 audit records were lost", _world.Log.Events[^1].Message, StringComparison.Ordinal);
    }

    private AuditLog Start(bool denies) => new(_world.Journal(), denies, _world.Log, TimeProvider.System);

    // The last page of the log takes some more records on a disk without a free page.
    private void FillFile(SmallDisk disk)
    {
        using AuditJournal journal = _world.Journal();
        Assert.Throws<IOException>(() =>
        {
            for (int i = 0; i < 1000; i++)
            {
                journal.Append([AuditWorld.Record(9999)]);
            }
        });
    }

    private long Filler() => _world.Lines().LongCount(line => line.Contains("key 9999", StringComparison.Ordinal));
}
