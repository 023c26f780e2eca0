using SecureAgent.Tests.Core;

namespace SecureAgent.Tests.Channels.NamedPipe;

/// <summary>A test's clock that tells how often somebody has begun to wait for a minute, as the self-check does before
/// each of its rounds.</summary>
internal sealed class MinuteClock(ManualTime time) : TimeProvider
{
    private int _minutes;

    public int Minutes => Volatile.Read(ref _minutes);

    public override long TimestampFrequency => time.TimestampFrequency;

    public override long GetTimestamp() => time.GetTimestamp();

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        ITimer timer = time.CreateTimer(callback, state, dueTime, period);
        if (dueTime == TimeSpan.FromMinutes(1))
        {
            Interlocked.Increment(ref _minutes);
        }

        return timer;
    }
}
