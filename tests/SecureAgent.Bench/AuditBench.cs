using SecureAgent.Cli.Audit;
using SecureAgent.Cli.Hosting;
using SecureAgent.Core;

namespace SecureAgent.Bench;

/// <summary>What one record of the audit log costs the whole process: queue, JSON, hash and disk.</summary>
internal static class AuditBench
{
    /// <summary>Prints the table.</summary>
    public static void Print(BenchOptions options)
    {
        Table.Begin("Audit log", "records a second", "CPU per record", "garbage per record");
        AuditRecord[] records = [.. Enumerable.Range(0, 64).Select(Record)];
        for (int round = 0; round < options.Rounds; round++)
        {
            // As many as an agent signs at most, and as many as fit.
            Measure(records, perMillisecond: 60, options.RoundLength);
            Measure(records, perMillisecond: int.MaxValue, options.RoundLength);
        }
    }

    private static void Measure(AuditRecord[] records, int perMillisecond, TimeSpan length)
    {
        string directory = Directory.CreateTempSubdirectory("sa-bench-audit-").FullName;
        try
        {
            AuditFiles files = new(Path.Combine(directory, "audit.jsonl"));
            AuditJournal journal = new(files, AuditJournal.DefaultLimitBytes, TimeProvider.System);
            long start = TimeProvider.System.GetTimestamp();
            TimeSpan cpu = Environment.CpuUsage.TotalTime;
            long garbage = GC.GetTotalAllocatedBytes(precise: true);
            long written = 0;
            using (AuditLog log = new(journal, denies: false, new QuietLog(Console.Error, false), TimeProvider.System))
            {
                for (TimeSpan now = default; now < length; now = TimeProvider.System.GetElapsedTime(start))
                {
                    long due = perMillisecond == int.MaxValue
                        ? written + 1000
                        : (long)(now.TotalMilliseconds * perMillisecond);
                    for (; written < due; written++)
                    {
                        log.Write(records[written % records.Length]);
                    }

                    if (perMillisecond != int.MaxValue)
                    {
                        Thread.Sleep(1);
                    }
                }
            }

            double microseconds = (Environment.CpuUsage.TotalTime - cpu).TotalMicroseconds / written;
            double bytes = (double)(GC.GetTotalAllocatedBytes(precise: true) - garbage) / written;
            double seconds = TimeProvider.System.GetElapsedTime(start).TotalSeconds;
            Table.Row($"{written / seconds:N0}", $"{microseconds:N2} us", $"{bytes:N0} B");
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    private static AuditRecord Record(int number)
    {
        PeerInfo peer = new("unix")
        {
            ProcessId = number,
            User = "1000",
            ReadProcesses = () =>
            [
                new PeerProcess(number, "/usr/bin/ssh"),
                new PeerProcess(2, "/usr/bin/git"),
                new PeerProcess(3, "/usr/bin/bash"),
            ],
        };
        return new AuditRecord("sign", DateTimeOffset.UnixEpoch.AddSeconds(1_800_000_000), peer, IsForwarded: false)
        {
            Fingerprint = "SHA256:lRA8F0Sy4/bT1OV2Mhxtn1jC6oIyMZ1L7p3ZUZ0qz0E",
            KeyName = "work@laptop",
            Purpose = "login as git to host key SHA256:+DiY3wvvV6TuJJhbpZisF/zLDA0zPMSvHdkr4UvCOqU",
            Destination = "github.com",
            PayloadSha256 = new byte[32],
        };
    }
}
