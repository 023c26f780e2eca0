using SecureAgent.Core;

namespace SecureAgent.Tests.Core;

/// <summary>A backend of software keys that a test can change.</summary>
internal sealed class TestBackend(string name, params Identity[] identities) : IKeyBackend
{
    private volatile IReadOnlyList<Identity> _identities = identities;
    private int _dropped;

    public event EventHandler? Changed;

    public string Name => name;

    public BackendException? Failure { get; set; }

    public int Dropped => Volatile.Read(ref _dropped);

    public IReadOnlyList<Identity> Snapshot() => Failure is null ? _identities : throw Failure;

    public void Set(params Identity[] identities)
    {
        _identities = identities;
        Changed?.Invoke(this, EventArgs.Empty);
    }

    public void DropSecrets() => Interlocked.Increment(ref _dropped);
}
