using SecureAgent.Core;

namespace SecureAgent.Backends.Piv;

/// <summary>Says that a card waits for a touch, while it does. It shows up after a moment, so that a card that was
/// touched just now and remembers it makes nothing flash; and not much later, because the token blinks at once and a person
/// is to know for what.</summary>
internal sealed class TouchHint : IDisposable
{
    /// <summary>How long a card may take before the hint shows up.</summary>
    public static readonly TimeSpan Delay = TimeSpan.FromMilliseconds(300);

    private readonly object _gate = new();
    private readonly ITimer _timer;
    private IDisposable? _shown;
    private bool _disposed;

    private TouchHint(SignContext who, IPrompter prompter, TimeProvider time) =>
        _timer = time.CreateTimer(_ => Show(who, prompter), null, Delay, Timeout.InfiniteTimeSpan);

    /// <summary>The hint for one signature; nothing for a key that wants no touch.</summary>
    /// <param name="key">The key.</param>
    /// <param name="who">For whom.</param>
    /// <param name="prompter">Shows it.</param>
    /// <param name="time">The clock.</param>
    /// <returns>What is disposed when the card has answered.</returns>
    public static TouchHint? For(PivKey key, SignContext who, IPrompter prompter, TimeProvider time) =>
        key.WantsTouch ? new TouchHint(who, prompter, time) : null;

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

    private void Show(SignContext who, IPrompter prompter)
    {
        lock (_gate)
        {
            if (!_disposed)
            {
                _shown = prompter.ShowTouch(new TouchPrompt(who));
            }
        }
    }
}
