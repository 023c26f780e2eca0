namespace SecureAgent.Core;

/// <summary>A PIN, passphrase, seed or private key in memory from <see cref="ISecretMemory"/>. It has no text form on
/// purpose: <see cref="ToString"/> never shows content.</summary>
public sealed unsafe class Secret : IDisposable
{
    private readonly Action<nint> _release;
    private readonly int _capacity;
    private nint _address;
    private int _length;

    /// <summary>Takes ownership of <paramref name="capacity"/> bytes at <paramref name="address"/>.</summary>
    /// <param name="address">Start of memory that no garbage collector moves.</param>
    /// <param name="capacity">Its size in bytes; <see cref="Length"/> starts as this.</param>
    /// <param name="release">Called once with <paramref name="address"/>, after the bytes were zeroed.</param>
    public Secret(nint address, int capacity, Action<nint> release)
    {
        ArgumentNullException.ThrowIfNull(release);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(capacity);
        (_address, _capacity, _length, _release) = (address, capacity, capacity, release);
    }

    /// <summary>Frees and zeroes a secret whose owner forgot it.</summary>
    ~Secret() => Release();

    /// <summary>How many of the allocated bytes are in use. It can only be made smaller.</summary>
    public int Length
    {
        get => _length;
        set
        {
            ArgumentOutOfRangeException.ThrowIfGreaterThan(value, _length);
            ArgumentOutOfRangeException.ThrowIfNegative(value);
            _length = value;
        }
    }

    /// <summary>The bytes in use.</summary>
    /// <exception cref="ObjectDisposedException">The secret has been zeroed.</exception>
    public Span<byte> Span
    {
        get
        {
            ObjectDisposedException.ThrowIf(_address == 0, this);
            return new Span<byte>((void*)_address, _length);
        }
    }

    /// <summary>Zeroes the whole allocation and gives it back.</summary>
    public void Dispose()
    {
        Release();
        GC.SuppressFinalize(this);
    }

    /// <summary>A fixed text; never the content.</summary>
    public override string ToString() => "Secret";

    private void Release()
    {
        nint address = Interlocked.Exchange(ref _address, 0);
        if (address != 0)
        {
            System.Security.Cryptography.CryptographicOperations.ZeroMemory(new Span<byte>((void*)address, _capacity));
            _release(address);
        }
    }
}
