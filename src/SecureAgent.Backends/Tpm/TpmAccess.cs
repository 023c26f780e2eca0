using SecureAgent.Core;

namespace SecureAgent.Backends.Tpm;

/// <summary>One TPM and the queue of everything that is sent to it. Opened at its first use.</summary>
public sealed class TpmAccess : IAsyncDisposable
{
    private static readonly TimeSpan ClosePatience = TimeSpan.FromSeconds(5);

    // Longer than between two signatures of one command, shorter than the patience of a program that waits for its turn.
    private static readonly TimeSpan Turn = TimeSpan.FromSeconds(1);

    private readonly DeviceQueue _queue;
#pragma warning disable CA2213 // Disposed in Close, on the device's worker, where alone it may be used.
    private readonly TpmConnection _connection;
#pragma warning restore CA2213
    private readonly TimeProvider _time;
    private readonly ITimer? _endOfTurn;
    private int _disposed;

    /// <summary>Prepares the way to a TPM.</summary>
    /// <param name="open">Opens the device; called on the queue's thread, again after the device was lost.</param>
    /// <param name="memory">Where secrets go.</param>
    /// <param name="time">The clock.</param>
    /// <param name="takesTurns">Whether the TPM has no resource manager (<see cref="TpmTcti.IsManaged"/>), so that it is
    /// given back a second after its last use: swtpm serves one program at a time, and a bare TPM has three slots for
    /// all.</param>
    /// <param name="parentNames">Remembers the TPM's storage keys from one run to the next; without it they are
    /// remembered for this one only.</param>
    public TpmAccess(
        Func<ITpmDevice> open, ISecretMemory memory, TimeProvider time, bool takesTurns = false,
        TpmParentNameFile? parentNames = null)
    {
        ArgumentNullException.ThrowIfNull(time);
        Memory = memory;
        _time = time;
        _queue = new DeviceQueue("TPM", time);
        _connection = new TpmConnection(new TpmConnectionOptions
        {
            Open = open,
            Memory = memory,
            Clock = time,
            Pin = parentNames,
        });
        _endOfTurn = takesTurns
            ? time.CreateTimer(_ => _ = ReleaseAsync(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan)
            : null;
    }

    /// <summary>Where secrets go.</summary>
    internal ISecretMemory Memory { get; }

    /// <summary>Commands sent so far, repetitions included.</summary>
    internal long CommandCount => _connection.CommandCount;

    /// <summary>Asks the TPM what it is and whether it takes PINs.</summary>
    /// <exception cref="BackendException">It does not answer, or refuses.</exception>
    public Task<TpmState> ReadStateAsync(CancellationToken ct) => RunAsync(
        connection =>
        {
            TpmCapabilities capabilities = connection.Capabilities;
            TpmDictionaryAttackState lockout = connection.ReadDictionaryAttackState();
            // As tools print it: four 16-bit numbers, of which the first two are the version.
            string firmware = $"{capabilities.FirmwareVersion >> 48}.{(capabilities.FirmwareVersion >> 32) & 0xFFFF}";
            return new TpmState(
                $"{capabilities.Manufacturer} {firmware}", lockout.InLockout, lockout.TriesLeft,
                lockout.LockoutInterval);
        },
        ct);

    /// <summary>Flushes what was loaded, closes the device and ends its queue; a TPM that hangs is left to
    /// itself.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0)
        {
            return;
        }

        if (_endOfTurn is not null)
        {
            await _endOfTurn.DisposeAsync().ConfigureAwait(false);
        }

        try
        {
            using CancellationTokenSource patience = new(ClosePatience, _time);
            await RunAsync(Close, patience.Token).WaitAsync(patience.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            // It hangs in a command; the queue is abandoned below.
        }

        await _queue.DisposeAsync().ConfigureAwait(false);
    }

    /// <summary>Runs <paramref name="job"/> on the device's worker, after everything that was queued before
    /// it.</summary>
    internal async Task<T> RunAsync<T>(Func<TpmConnection, T> job, CancellationToken ct)
    {
        try
        {
            return await _queue.RunAsync(_ => job(_connection), ct).ConfigureAwait(false);
        }
        finally
        {
            _endOfTurn?.Change(Turn, Timeout.InfiniteTimeSpan);
        }
    }

    private async Task ReleaseAsync()
    {
        try
        {
            await _queue.RunAsync(
                _ =>
                {
                    _connection.Release();
                    return true;
                },
                CancellationToken.None).ConfigureAwait(false);
        }
        catch (Exception e) when (e is ObjectDisposedException or OperationCanceledException)
        {
            // The agent ends, and gives the TPM back with that.
        }
    }

    private static bool Close(TpmConnection connection)
    {
        connection.Dispose();
        return true;
    }
}
