using SecureAgent.Core;

namespace SecureAgent.Backends.Piv;

/// <summary>One card and the queue of everything that is sent to it. The connection is opened at its first use, and
/// given up soon after its last, so that programs that want the card for themselves get it.</summary>
internal sealed class PivAccess : IAsyncDisposable
{
    // Longer than between two signatures of one command; requirement R-26 allows two seconds.
    private static readonly TimeSpan Turn = TimeSpan.FromSeconds(1.5);
    private static readonly TimeSpan ClosePatience = TimeSpan.FromSeconds(5);

    private readonly DeviceQueue _queue;
#pragma warning disable CA2213 // Released in DisposeAsync on the card's worker, where alone it may be used.
    private readonly PivConnection _connection;
#pragma warning restore CA2213
    private readonly TimeProvider _time;
    private readonly ITimer _endOfTurn;
    private int _disposed;

    /// <summary>Prepares the way to the card in <paramref name="reader"/>.</summary>
    /// <param name="readers">The readers.</param>
    /// <param name="reader">One of them.</param>
    /// <param name="time">The clock.</param>
    /// <param name="token">The only card that may be in it, if it is known already.</param>
    public PivAccess(ISmartCardReaders readers, string reader, TimeProvider time, PivToken? token = null)
    {
        _time = time;
        _queue = new DeviceQueue($"PIV {reader}", time);
        _connection = new PivConnection(readers, reader) { Token = token };
        _endOfTurn = time.CreateTimer(
            _ => _ = TryRunAsync(connection => connection.Release()), null, Timeout.InfiniteTimeSpan,
            Timeout.InfiniteTimeSpan);
    }

    /// <summary>Runs <paramref name="work"/> on the card's worker, in one transaction with the PIV application
    /// selected.</summary>
    /// <param name="work">What to do.</param>
    /// <param name="ct">Ends the wait for the card's queue.</param>
    /// <param name="mayRepeat">As in <see cref="PivConnection.Run"/>.</param>
    /// <exception cref="BackendException">As <see cref="PivConnection.Run"/>.</exception>
    public async Task<T> RunAsync<T>(Func<PivConnection, T> work, CancellationToken ct, bool mayRepeat = true)
    {
        try
        {
            return await _queue.RunAsync(_ => _connection.Run(work, mayRepeat), ct).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is ObjectDisposedException
            || (exception is OperationCanceledException && !ct.IsCancellationRequested))
        {
            throw new BackendException(BackendFailure.DeviceAbsent,
                $"The card in {_connection.Reader} was taken out. Put it in again and repeat what you did.", exception);
        }
        finally
        {
            if (Volatile.Read(ref _disposed) == 0)
            {
                _endOfTurn.Change(Turn, Timeout.InfiniteTimeSpan);
            }
        }
    }

    /// <summary>Reads the card, which from then on must stay the same one.</summary>
    public Task<PivToken> ReadTokenAsync(CancellationToken ct) => RunAsync(
        connection =>
        {
            PivToken token = PivTokenReader.Read(connection.Commands, connection.Reader, connection.Atr);
            connection.Token = token;
            return token;
        },
        ct);

    /// <summary>Lets go of the card, and makes it forget the PIN.</summary>
    public Task LogOutAsync() => TryRunAsync(connection => connection.LogOut());

    /// <summary>Ends the queue and lets go of the card; one that hangs is left to itself.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0)
        {
            return;
        }

        await _endOfTurn.DisposeAsync().ConfigureAwait(false);
        try
        {
            using CancellationTokenSource patience = new(ClosePatience, _time);
            await TryRunAsync(connection => connection.Dispose()).WaitAsync(patience.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            // It hangs in a command; the queue is abandoned below.
        }

        await _queue.DisposeAsync().ConfigureAwait(false);
    }

    private async Task TryRunAsync(Action<PivConnection> work)
    {
        try
        {
            await _queue.RunAsync(
                _ =>
                {
                    work(_connection);
                    return true;
                },
                CancellationToken.None).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is ObjectDisposedException or OperationCanceledException)
        {
            // The agent ends or the card has gone, and the connection with it.
        }
    }
}
