namespace SecureAgent.Backends.Pins;

/// <summary>One request's hold on a PIN.</summary>
internal sealed class PinLease : IDisposable
{
    private readonly PinCache _cache;
    private readonly string _key;
    private readonly CachedPin _pin;
    private int _disposed;

    /// <summary>Takes over one reference to <paramref name="pin"/>.</summary>
    public PinLease(PinCache cache, string key, CachedPin pin) => (_cache, _key, _pin) = (cache, key, pin);

    /// <summary>The PIN as UTF-8; until the lease is disposed.</summary>
    public ReadOnlySpan<byte> Span => _pin.Span;

    /// <summary>Whether it may be sent. Checked on the device's worker right before sending, so that a PIN that the
    /// device refused to one request is never sent for another.</summary>
    public bool IsCurrent => _pin.IsCurrent;

    /// <summary>Whether it may not be sent because the device refused it, and not because the agent was
    /// locked.</summary>
    public bool IsRefused => _pin.IsRefused;

    /// <summary>Whether the device has taken it before, from this request or another.</summary>
    public bool IsAccepted => _pin.IsAccepted;

    /// <summary>The same object for every lease of the same answer of a person.</summary>
    public object Answer => _pin;

    /// <summary>The device took the PIN.</summary>
    public void Accept() => _cache.Accept(_key, _pin);

    /// <summary>The device refused the PIN and counted it.</summary>
    public void Reject() => _cache.Reject(_key, _pin);

    /// <summary>The device takes no PIN for now: the next request asks it first, and then the person.</summary>
    public void Forget() => _cache.Forget(_key, _pin);

    /// <summary>Lets go of the PIN.</summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _disposed, 1) == 0)
        {
            _pin.Release();
        }
    }
}
