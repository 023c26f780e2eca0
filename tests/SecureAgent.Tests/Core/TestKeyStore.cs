using SecureAgent.Core;
using SecureAgent.Wire;

namespace SecureAgent.Tests.Core;

/// <summary>Holds Ed25519 keys, and counts what the agent does with them.</summary>
internal sealed class TestKeyStore : ISoftwareKeys
{
    private int _live;
    private int _shielded;

    /// <summary>Keys held and not disposed.</summary>
    public int Live => Volatile.Read(ref _live);

    public int Shielded => Volatile.Read(ref _shielded);

    /// <summary>Awaited before each signature.</summary>
    public Func<CancellationToken, Task> Delay { get; set; } = _ => Task.CompletedTask;

    public Func<Exception>? Failure { get; set; }

    public IHeldKey Hold(PrivateKey key)
    {
        if (key is not Ed25519PrivateKey ed25519)
        {
            throw new BackendException($"{key.PublicKey.KeyType} is not held here.");
        }

        Interlocked.Increment(ref _live);
        return new Held(this, [.. ed25519.Seed], ed25519.Key.Key.ToArray());
    }

    public void Shield() => Interlocked.Increment(ref _shielded);

    private sealed class Held(TestKeyStore store, byte[] seed, byte[] publicKey) : IHeldKey
    {
        private bool _disposed;

        public async ValueTask<byte[]> SignAsync(
            SignatureAlgorithm algorithm, ReadOnlyMemory<byte> data, SignContext who, CancellationToken ct)
        {
            await store.Delay(ct);
            return _disposed ? throw new BackendException("The key has gone.")
                : store.Failure is { } failure ? throw failure()
                : Ed25519.Sign(seed, publicKey, data.Span);
        }

        public void Dispose()
        {
            Assert.False(_disposed);
            _disposed = true;
            Interlocked.Decrement(ref store._live);
        }
    }
}
