using System.Globalization;
using SecureAgent.Cli.Hosting;

namespace SecureAgent.Tests.Cli.Hosting;

public sealed class SuspendAwareClockTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private readonly SuspendAwareClock _clock = new();

    [Fact]
    public void Clock_is_the_time_since_the_machine_started_sleep_included()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "/proc/uptime is Linux's.");
        // proc(5): seconds since the start, including time spent in suspend.
        double uptime = double.Parse(File.ReadAllText("/proc/uptime").Split(' ')[0], CultureInfo.InvariantCulture);
        double seconds = (double)_clock.GetTimestamp() / _clock.TimestampFrequency;
        Assert.InRange(seconds, uptime - 0.1, uptime + Patience.TotalSeconds);
    }

    [Fact]
    public async Task Timer_fires_once_after_its_time_and_again_when_it_is_set_again()
    {
        using SemaphoreSlim fired = new(0);
        using ITimer timer = _clock.CreateTimer(
            _ => fired.Release(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        foreach (int milliseconds in new[] { 100, 0, 50 })
        {
            long start = _clock.GetTimestamp();
            Assert.True(timer.Change(TimeSpan.FromMilliseconds(milliseconds), Timeout.InfiniteTimeSpan));
            Assert.True(await fired.WaitAsync(Patience, TestContext.Current.CancellationToken));
            Assert.True(_clock.GetElapsedTime(start) >= TimeSpan.FromMilliseconds(milliseconds));
        }

        Assert.Equal(0, fired.CurrentCount);
    }

    [Fact]
    public async Task Timer_that_was_stopped_does_not_fire_before_one_that_was_set_later()
    {
        using SemaphoreSlim stopped = new(0);
        using SemaphoreSlim later = new(0);
        using ITimer one = _clock.CreateTimer(
            _ => stopped.Release(), null, TimeSpan.FromMilliseconds(150), Timeout.InfiniteTimeSpan);
        one.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        using ITimer two = _clock.CreateTimer(
            _ => later.Release(), null, TimeSpan.FromMilliseconds(300), Timeout.InfiniteTimeSpan);
        Assert.True(await later.WaitAsync(Patience, TestContext.Current.CancellationToken));
        Assert.Equal(0, stopped.CurrentCount);
    }
}
