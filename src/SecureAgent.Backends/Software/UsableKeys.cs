using System.Security.Cryptography;
using SecureAgent.Core;

namespace SecureAgent.Backends.Software;

/// <summary>Keeps the usable forms of the keys in use: made at the first signature, because unshielding at each would
/// cost more than many a signature, and dropped after ten idle seconds, or when too many others are in use. Its timer
/// runs only while there is a usable form.</summary>
internal sealed class UsableKeys : IDisposable
{
    /// <summary>How many usable forms are kept; the least recently used one makes room.</summary>
    public const int Capacity = 64;

    /// <summary>How long a usable form is kept after the last signature.</summary>
    public static readonly TimeSpan IdleTime = TimeSpan.FromSeconds(10);

    private readonly Lock _gate = new();
    private readonly List<SoftwareKey> _inUse = new(Capacity);
    private readonly TimeProvider _time;
    private readonly KeyShield _shield;
    private readonly IUsableKeyFactory _factory;
    private readonly ITimer _timer;
    private bool _disposed;

    /// <summary>Starts with no usable form and without a running timer.</summary>
    public UsableKeys(TimeProvider time, KeyShield shield, IUsableKeyFactory factory)
    {
        (_time, _shield, _factory) = (time, shield, factory);
        _timer = time.CreateTimer(
            static state => ((UsableKeys)state!).DropIdle(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>The usable form of <paramref name="key"/>, which another thread may dispose at any time.</summary>
    /// <exception cref="BackendException">The key was disposed, or is damaged.</exception>
    public IUsableKey Use(SoftwareKey key)
    {
        key.LastUse = _time.GetTimestamp();
        return key.Usable ?? MakeUsable(key);
    }

    /// <summary>Drops every usable form.</summary>
    public void DropAll()
    {
        lock (_gate)
        {
            _inUse.ForEach(Drop);
            _inUse.Clear();
            _ = _timer.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        }
    }

    /// <summary>Ends the use of <paramref name="key"/> for good.</summary>
    public void Forget(SoftwareKey key)
    {
        lock (_gate)
        {
            key.IsDisposed = true;
            if (_inUse.Remove(key))
            {
                Drop(key);
            }

            key.Shielded.Erase();
        }
    }

    /// <summary>Drops every usable form and makes none again.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            if (_disposed)
            {
                return;
            }

            DropAll();
            _disposed = true;
            _timer.Dispose();
        }
    }

    private IUsableKey MakeUsable(SoftwareKey key)
    {
        lock (_gate)
        {
            if (_disposed || key.IsDisposed)
            {
                throw new BackendException($"The key {key.PublicKey} was removed.");
            }

            if (key.Usable is { } made)
            {
                return made;
            }

            if (_inUse.Count == Capacity)
            {
                SoftwareKey oldest = _inUse.MinBy(used => used.LastUse)!; // There are some.
                _inUse.Remove(oldest);
                Drop(oldest);
            }

            IUsableKey usable = Unshield(key);
            key.Usable = usable;
            _inUse.Add(key);
            if (_inUse.Count == 1)
            {
                _ = _timer.Change(IdleTime, Timeout.InfiniteTimeSpan);
            }

            return usable;
        }
    }

    private IUsableKey Unshield(SoftwareKey key)
    {
        try
        {
            using Secret encoded = _shield.Open(key.Shielded);
            return _factory.Load(key.PublicKey, encoded.Span);
        }
        catch (AuthenticationTagMismatchException exception)
        {
            throw new BackendException(
                $"The key {key.PublicKey} was changed in memory, and nothing was signed. Add it again.", exception);
        }
    }

    private void DropIdle()
    {
        lock (_gate)
        {
            if (_disposed)
            {
                return;
            }

            TimeSpan next = Timeout.InfiniteTimeSpan;
            for (int i = _inUse.Count - 1; i >= 0; i--)
            {
                TimeSpan left = IdleTime - _time.GetElapsedTime(_inUse[i].LastUse);
                if (left <= TimeSpan.Zero)
                {
                    Drop(_inUse[i]);
                    _inUse.RemoveAt(i);
                }
                else if (next == Timeout.InfiniteTimeSpan || left < next)
                {
                    next = left;
                }
            }

            _ = _timer.Change(next, Timeout.InfiniteTimeSpan);
        }
    }

    private static void Drop(SoftwareKey key)
    {
        key.Usable?.Dispose();
        key.Usable = null;
    }
}
