using System.Security.Cryptography;

namespace SecureAgent.Core;

/// <summary>The lock of <c>ssh-add -x</c>. Only a salted, slowly derived value of the passphrase is kept. One guess is
/// checked at a time, and each failure makes the next one start later, whoever makes it; waiting for that blocks nobody
/// but the guesser.</summary>
internal sealed class AgentLock : IDisposable
{
    private const int SaltSizeBytes = 16;
    private const int DerivedSizeBytes = 64;

    /// <summary>About 100 ms on one core of 2020's making.</summary>
    private const int Iterations = 210_000;

    private static readonly TimeSpan DelayPerFailure = TimeSpan.FromSeconds(0.1);
    private static readonly TimeSpan LongestDelay = TimeSpan.FromSeconds(10);

    private readonly SemaphoreSlim _turn = new(1, 1);
    private readonly byte[] _salt = new byte[SaltSizeBytes];
    private readonly Secret _derived;
    private readonly TimeProvider _time;
    private int _failures;
    private long _lastFailure;
    private volatile bool _locked;

    public AgentLock(ISecretMemory memory, TimeProvider time)
    {
        _derived = memory.Allocate(DerivedSizeBytes);
        _time = time;
    }

    /// <summary>Whether the agent is locked now.</summary>
    public bool IsLocked => _locked;

    /// <summary>Locks with <paramref name="passphrase"/>.</summary>
    /// <returns>Why not, or <see langword="null"/> if the agent is now locked.</returns>
    public async ValueTask<string?> LockAsync(ReadOnlyMemory<byte> passphrase, CancellationToken ct)
    {
        if (passphrase.IsEmpty)
        {
            return "an empty passphrase would be no lock; choose one";
        }

        await _turn.WaitAsync(ct).ConfigureAwait(false);
        try
        {
            if (_locked)
            {
                return "the agent is locked already";
            }

            RandomNumberGenerator.Fill(_salt);
            await Task.Run(() => Derive(passphrase.Span, _derived.Span), CancellationToken.None).ConfigureAwait(false);
            _failures = 0;
            _locked = true;
            return null;
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>Unlocks with <paramref name="passphrase"/>, after the delay that earlier failures earned.</summary>
    /// <returns>Why not, or <see langword="null"/> if the agent is now unlocked.</returns>
    public async ValueTask<string?> UnlockAsync(ReadOnlyMemory<byte> passphrase, CancellationToken ct)
    {
        await _turn.WaitAsync(ct).ConfigureAwait(false);
        try
        {
            if (!_locked)
            {
                return "the agent is not locked";
            }

            // Before the guess and not after it: a guesser who hangs up must not shorten the wait of his next guess.
            TimeSpan wait = Delay(_failures) - _time.GetElapsedTime(_lastFailure);
            if (_failures > 0 && wait > TimeSpan.Zero)
            {
                await Task.Delay(wait, _time, ct).ConfigureAwait(false);
            }

            if (!await Task.Run(() => Matches(passphrase.Span), CancellationToken.None).ConfigureAwait(false))
            {
                _failures++;
                _lastFailure = _time.GetTimestamp();
                return $"wrong passphrase, failure {_failures}; "
                    + $"the next try waits {Delay(_failures).TotalSeconds:0.0} s";
            }

            _failures = 0;
            CryptographicOperations.ZeroMemory(_derived.Span);
            _locked = false;
            return null;
        }
        finally
        {
            _turn.Release();
        }
    }

    public void Dispose()
    {
        _derived.Dispose();
        _turn.Dispose();
    }

    private static TimeSpan Delay(int failures)
    {
        TimeSpan grown = DelayPerFailure * failures;
        return grown < LongestDelay ? grown : LongestDelay;
    }

    private bool Matches(ReadOnlySpan<byte> passphrase)
    {
        Span<byte> candidate = stackalloc byte[DerivedSizeBytes];
        try
        {
            Derive(passphrase, candidate);
            return CryptographicOperations.FixedTimeEquals(candidate, _derived.Span);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(candidate);
        }
    }

    private void Derive(ReadOnlySpan<byte> passphrase, Span<byte> derived) =>
        Rfc2898DeriveBytes.Pbkdf2(passphrase, _salt, derived, Iterations, HashAlgorithmName.SHA512);
}
