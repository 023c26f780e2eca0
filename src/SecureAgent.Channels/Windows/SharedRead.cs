namespace SecureAgent.Channels.Windows;

/// <summary>A slow look at the system that everybody shares who asks before it begins: however many ask at once, two
/// looks are enough, the one under way and the next.</summary>
/// <param name="read">Looks; takes its time.</param>
internal sealed class SharedRead<T>(Func<T> read)
{
    private readonly object _gate = new();
    private Task<T>? _next;
    private Task _current = Task.CompletedTask;

    /// <summary>What a look shows that begins after this call.</summary>
    public Task<T> ReadAsync()
    {
        lock (_gate)
        {
            return _next ??= ReadAfterAsync(_current);
        }
    }

    private async Task<T> ReadAfterAsync(Task current)
    {
        await current.ConfigureAwait(ConfigureAwaitOptions.ForceYielding | ConfigureAwaitOptions.SuppressThrowing);
        lock (_gate)
        {
            // It begins now, and whoever asks from here on needs another.
            (_current, _next) = (_next!, null); // Set by whoever called this, under the same lock.
        }

        return read();
    }
}
