using System.Runtime.Versioning;
using Microsoft.Win32.SafeHandles;

namespace SecureAgent.Backends.Piv;

/// <summary>Waits for the event that Windows keeps set while the Smart Card service runs.</summary>
[SupportedOSPlatform("windows")]
internal sealed class WinSCardServiceWatch : IPcscServiceWatch
{
    private static readonly TimeSpan Unannounced = TimeSpan.FromSeconds(30);

    private readonly EventWaitHandle? _started;
    private readonly bool _hadStarted;

    /// <param name="started">What SCardAccessStartedEvent returned; zero if it failed. Given back here.</param>
    public WinSCardServiceWatch(nint started)
    {
        if (started == 0)
        {
            return;
        }

        _started = new EventWaitHandle(initialState: false, EventResetMode.ManualReset);
        _started.SafeWaitHandle.Dispose();
        _started.SafeWaitHandle = new SafeWaitHandle(started, ownsHandle: false); // it is the library's
        _hadStarted = _started.WaitOne(0);
    }

    /// <inheritdoc/>
    public void Wait(CancellationToken ct)
    {
        if (_started is null || _hadStarted)
        {
            // The service runs and is not there for us, as in a remote session that has no readers: nothing tells when
            // that changes.
            ct.WaitHandle.WaitOne(Unannounced);
        }
        else
        {
            WaitHandle.WaitAny([_started, ct.WaitHandle]);
        }

        ct.ThrowIfCancellationRequested();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_started is not null)
        {
            _started.Dispose();
            WinSCard.ReleaseStartedEvent();
        }
    }
}
