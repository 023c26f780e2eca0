using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace SecureAgent.Cli.Hosting;

/// <summary>A clock that goes on while the machine sleeps, so that a key's lifetime does too, and that nobody can set:
/// CLOCK_BOOTTIME on Linux (clock_gettime(2)). Elsewhere the platform's own time stamps count sleep already.</summary>
internal sealed class SuspendAwareClock : TimeProvider
{
    private const long NanosecondsPerSecond = 1_000_000_000;

    /// <inheritdoc/>
    public override long TimestampFrequency =>
        OperatingSystem.IsLinux() ? NanosecondsPerSecond : base.TimestampFrequency;

    /// <inheritdoc/>
    public override long GetTimestamp()
    {
        if (!OperatingSystem.IsLinux())
        {
            return base.GetTimestamp();
        }

        // It fails for clocks that do not exist, which this one does since Linux 2.6.39.
        _ = Libc.GetTime(Libc.CLOCK_BOOTTIME, out Libc.TimeSpec now);
        return (now.Seconds * NanosecondsPerSecond) + now.Nanoseconds;
    }

    /// <inheritdoc/>
    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        if (!OperatingSystem.IsLinux())
        {
            return base.CreateTimer(callback, state, dueTime, period);
        }

        BootTimer timer = new(callback, state);
        timer.Change(dueTime, period);
        return timer;
    }

    /// <summary>A timer of the kernel's (timerfd_create(2)) with a thread that sleeps until it fires; both exist only
    /// once it was armed.</summary>
    private sealed class BootTimer(TimerCallback callback, object? state) : ITimer
    {
        private readonly Lock _gate = new();
        private SafeFileHandle? _timer;
        private bool _disposed;

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            lock (_gate)
            {
                bool isArmed = dueTime != Timeout.InfiniteTimeSpan;
                if (_disposed || (_timer is null && !isArmed))
                {
                    return !_disposed;
                }

                _timer ??= Start();
                return Set(_timer, isArmed ? dueTime : null, period);
            }
        }

        public void Dispose()
        {
            lock (_gate)
            {
                if (!_disposed && _timer is not null)
                {
                    // Wakes the thread, which then sees that it is over.
                    Set(_timer, TimeSpan.Zero, Timeout.InfiniteTimeSpan);
                }

                _disposed = true;
            }
        }

        public ValueTask DisposeAsync()
        {
            Dispose();
            return default;
        }

        private static bool Set(SafeFileHandle timer, TimeSpan? dueTime, TimeSpan period)
        {
            // All zeros would stop it.
            TimeSpan first = dueTime is { } due ? (due > TimeSpan.Zero ? due : TimeSpan.FromTicks(1)) : TimeSpan.Zero;
            Libc.TimerSpec setting = new()
            {
                Interval = Spec(period == Timeout.InfiniteTimeSpan ? TimeSpan.Zero : period),
                First = Spec(first),
            };
            return Libc.SetTimer(timer, 0, setting, 0) == 0;
        }

        private static Libc.TimeSpec Spec(TimeSpan time) => new()
        {
            Seconds = (nint)(time.Ticks / TimeSpan.TicksPerSecond),
            Nanoseconds = (nint)(time.Ticks % TimeSpan.TicksPerSecond * TimeSpan.NanosecondsPerTick),
        };

        private SafeFileHandle Start()
        {
            int descriptor = Libc.CreateTimer(Libc.CLOCK_BOOTTIME, Libc.TFD_CLOEXEC);
            if (descriptor < 0)
            {
                throw new IOException($"No timer for lifetimes: {Marshal.GetLastPInvokeErrorMessage()}.");
            }

            SafeFileHandle timer = new(descriptor, ownsHandle: true);
            new Thread(() => Run(timer)) { IsBackground = true, Name = "lifetimes" }.Start();
            return timer;
        }

        private void Run(SafeFileHandle timer)
        {
            using (timer)
            {
                Span<byte> expirations = stackalloc byte[sizeof(ulong)];
                while (true)
                {
                    // An interrupted read is tried again.
                    bool fired = Libc.Read(timer, expirations, sizeof(ulong)) == sizeof(ulong);
                    lock (_gate)
                    {
                        if (_disposed)
                        {
                            return;
                        }
                    }

                    if (fired)
                    {
                        callback(state);
                    }
                }
            }
        }
    }
}
