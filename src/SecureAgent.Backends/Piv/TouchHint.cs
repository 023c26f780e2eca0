using SecureAgent.Core;

namespace SecureAgent.Backends.Piv;

/// <summary>Says that a card waits for a touch, while it does. It shows up after a moment, so that a card that was
/// touched just now and remembers it makes nothing flash; and not much later, because the token blinks at once and a
/// person is to know for what.</summary>
internal sealed class TouchHint : IDisposable
{
    /// <summary>How long a card may take before the hint shows up.</summary>
    public static readonly TimeSpan Delay = TimeSpan.FromMilliseconds(300);

    private readonly object _gate = new();
    private readonly ITimer _timer;
    private IDisposable? _shown;
    private bool _disposed;

    /// <summary>Shows the hint after <see cref="Delay"/>.</summary>
    public TouchHint(Func<IDisposable> show, TimeProvider time) =>
        _timer = time.CreateTimer(_ => Show(show), null, Delay, Timeout.InfiniteTimeSpan);

    /// <summary>Takes the hint away.</summary>
    public void Dispose()
    {
        _timer.Dispose();
        lock (_gate)
        {
            _disposed = true;
            _shown?.Dispose();
        }
    }

    private void Show(Func<IDisposable> show)
    {
        lock (_gate)
        {
            if (!_disposed)
            {
                try
                {
                    _shown = show();
                }
                catch (BackendException)
                {
                    // Nobody can be told. The token blinks all the same.
                }
            }
        }
    }
}
