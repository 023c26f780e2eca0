using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;

namespace SecureAgent.HwSim.Servers;

/// <summary>Puts a card into a virtual reader of vsmartcard's vpcd, a driver that pcscd loads. The card is in the
/// reader while there is a connection; an inserted card connects again by itself when pcscd was restarted.</summary>
/// <remarks>Frames in both directions are a 2-byte big-endian length and that many bytes. From vpcd one byte is a
/// control (0 power off, 1 power on, 2 reset, 4 asks for the answer to reset), everything else a command APDU
/// (vsmartcard, virtualsmartcard/src/vpcd/vpcd.h).</remarks>
public sealed class VpcdCard : IAsyncDisposable
{
    /// <summary>The port of the reader that Debian's vsmartcard-vpcd configures.</summary>
    public const int DefaultPort = 0x8C7B;

    private const byte PowerOff = 0;
    private const byte PowerOn = 1;
    private const byte ResetCard = 2;
    private const byte GetAtr = 4;
    private static readonly TimeSpan RetryInterval = TimeSpan.FromMilliseconds(20);

    // pcscd looks for cards every 400 ms.
    private static readonly TimeSpan NoticeTime = TimeSpan.FromSeconds(1);

    private readonly ISimulatedCard _card;
    private readonly int _port;
    private readonly SemaphoreSlim _gate = new(1, 1);
    private CancellationTokenSource? _removing;
    private TaskCompletionSource _powered = new();
    private Task _inserted = Task.CompletedTask;

    /// <summary>A card that is not inserted yet.</summary>
    /// <param name="card">The card.</param>
    /// <param name="port">The reader's port of 127.0.0.1.</param>
    public VpcdCard(ISimulatedCard card, int port = DefaultPort)
    {
        ArgumentNullException.ThrowIfNull(card);
        (_card, _port) = (card, port);
    }

    /// <summary>Whether the card is in the reader, or waits for the reader.</summary>
    public bool IsInserted => !_inserted.IsCompleted;

    /// <summary>Completes when the card is no longer inserted: removed, or pulled out by a fault.</summary>
    public Task Removed => _inserted;

    /// <summary>Puts the card in, and waits as long as it takes until the reader has switched it on and knows its
    /// answer to reset. Nothing happens if it is in.</summary>
    /// <param name="cancellationToken">Ends the waiting; the card is then not inserted.</param>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public async Task InsertAsync(CancellationToken cancellationToken = default)
    {
        await _gate.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (IsInserted)
            {
                return;
            }

            _removing?.Dispose();
            _removing = new CancellationTokenSource();
            _powered = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            _inserted = StayAsync(_removing.Token);
            await Task.WhenAny(_powered.Task, _inserted).WaitAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            await PullAsync().ConfigureAwait(false);
            throw;
        }
        finally
        {
            _gate.Release();
        }
    }

    /// <summary>Pulls the card out, also in the middle of a command. Nothing happens if it is not in.</summary>
    public async Task RemoveAsync()
    {
        await _gate.WaitAsync().ConfigureAwait(false);
        try
        {
            await PullAsync().ConfigureAwait(false);
        }
        finally
        {
            _gate.Release();
        }
    }

    /// <summary>Pulls the card out.</summary>
    public async ValueTask DisposeAsync()
    {
        await RemoveAsync().ConfigureAwait(false);
        _removing?.Dispose();
        _gate.Dispose();
    }

    private async Task PullAsync()
    {
        if (_removing is not null)
        {
            await _removing.CancelAsync().ConfigureAwait(false);
        }

        await _inserted.ConfigureAwait(false);
    }

    private async Task StayAsync(CancellationToken removing)
    {
        TimeSpan patience = NoticeTime;
        try
        {
            while (true)
            {
                bool isNoticed = await BeInsertedAsync(patience, removing).ConfigureAwait(false);
                _card.Reset(); // the reader is gone, and with it the power
                if (!isNoticed)
                {
                    await Task.Delay(patience, removing).ConfigureAwait(false);
                    patience *= 2;
                }
            }
        }
        catch (Exception e) when (e is OperationCanceledException or DeviceDroppedException)
        {
            _card.Reset(); // and a command that waits for a touch lets go
        }
    }

    /// <summary>Is in the reader for as long as that lasts. pcscd looks only now and then: it takes a card that was put
    /// in right after another for the same one, and does not switch it on. Such a card goes out again for a
    /// while.</summary>
    /// <returns>Whether pcscd noticed the card.</returns>
    private async Task<bool> BeInsertedAsync(TimeSpan patience, CancellationToken removing)
    {
        using CancellationTokenSource unnoticed = CancellationTokenSource.CreateLinkedTokenSource(removing);
        using Connection connection = await ConnectAsync(unnoticed.Token).ConfigureAwait(false);
        unnoticed.CancelAfter(patience);
        try
        {
            await ServeAsync(connection, unnoticed).ConfigureAwait(false);
            return true;
        }
        catch (OperationCanceledException) when (!removing.IsCancellationRequested)
        {
            return false;
        }
    }

    private async Task<Connection> ConnectAsync(CancellationToken removing)
    {
        while (true)
        {
            Socket socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            try
            {
                await socket.ConnectAsync(new IPEndPoint(IPAddress.Loopback, _port), removing).ConfigureAwait(false);
                return new Connection(socket, removing);
            }
            catch (SocketException)
            {
                socket.Dispose();
                await Task.Delay(RetryInterval, removing).ConfigureAwait(false);
            }
            catch (OperationCanceledException)
            {
                socket.Dispose();
                throw;
            }
        }
    }

    /// <summary>Answers until vpcd closes the connection.</summary>
    private async Task ServeAsync(Connection connection, CancellationTokenSource unnoticed)
    {
        byte[] length = new byte[sizeof(ushort)];
        bool isPowered = false;
        try
        {
            while (await connection.TryReadFirstAsync(length).ConfigureAwait(false))
            {
                byte[] frame = new byte[BinaryPrimitives.ReadUInt16BigEndian(length)];
                await connection.ReadExactlyAsync(frame).ConfigureAwait(false);
                if (frame is [PowerOn])
                {
                    isPowered = true;
                    unnoticed.CancelAfter(Timeout.Infinite);
                }

                // A command that takes its time does not keep the card in the reader.
                CancellationToken removing = unnoticed.Token;
                byte[]? answer =
                    await Task.Run(() => Answer(frame), removing).WaitAsync(removing).ConfigureAwait(false);
                if (answer is not null)
                {
                    await connection.WriteAsync(Frame(answer, answer.Length)).ConfigureAwait(false);
                }

                if (isPowered && frame is [GetAtr])
                {
                    _powered.TrySetResult();
                }
            }
        }
        catch (DeviceDroppedException e)
        {
            if (!e.Sent.IsEmpty)
            {
                await connection.WriteAsync(Frame(e.Sent.Span, e.ResponseLength)).ConfigureAwait(false);
            }

            throw;
        }
        catch (IOException)
        {
            // pcscd has ended; the card waits for the next one
        }
    }

    private byte[]? Answer(byte[] frame)
    {
        switch (frame)
        {
            case [GetAtr]:
                return _card.Atr.ToArray();
            case [PowerOff] or [PowerOn] or [ResetCard]:
                _card.Reset();
                return null;
            default:
                return _card.Transmit(frame);
        }
    }

    // One write, because vpcd's side would wait for the second.
    private static byte[] Frame(ReadOnlySpan<byte> payload, int length)
    {
        byte[] frame = new byte[sizeof(ushort) + payload.Length];
        BinaryPrimitives.WriteUInt16BigEndian(frame, (ushort)length);
        payload.CopyTo(frame.AsSpan(sizeof(ushort)));
        return frame;
    }
}
