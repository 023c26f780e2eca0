using SecureAgent.Core;

namespace SecureAgent.Backends.Pins;

/// <summary>One PIN that a person gave, shared by the requests that use it. It is zeroed when it is no longer current
/// and the last of them has let go, never under a request that is sending it.</summary>
internal sealed class CachedPin
{
    private readonly object _gate = new();
    private readonly Secret _pin;
    private int _references = 1;

    /// <summary>Takes ownership of <paramref name="pin"/>, with one reference held by the caller.</summary>
    public CachedPin(Secret pin) => _pin = pin;

    /// <summary>Whether it may still be sent: the device did not refuse it, and nobody took it back.</summary>
    public bool IsCurrent { get; private set; } = true;

    /// <summary>Whether the device refused it.</summary>
    public bool IsRefused { get; private set; }

    /// <summary>Whether the device has taken it.</summary>
    public bool IsAccepted { get; private set; }

    /// <summary>The PIN; only while a reference is held.</summary>
    public ReadOnlySpan<byte> Span => _pin.Span;

    /// <summary>Takes another reference, if anyone still holds one.</summary>
    public bool TryAddReference()
    {
        lock (_gate)
        {
            if (_references == 0)
            {
                return false;
            }

            _references++;
            return true;
        }
    }

    /// <summary>Gives one reference back; the last one zeroes the PIN.</summary>
    public void Release()
    {
        bool last;
        lock (_gate)
        {
            last = --_references == 0;
        }

        if (last)
        {
            _pin.Dispose();
        }
    }

    /// <summary>Remembers that the device took it.</summary>
    public void Accept() => IsAccepted = true;

    /// <summary>Makes it unusable for every request that has not sent it yet.</summary>
    public void TakeBack() => IsCurrent = false;

    /// <summary>Remembers that the device refused it, which makes it unusable too.</summary>
    public void Refuse()
    {
        IsRefused = true;
        IsCurrent = false;
    }
}
