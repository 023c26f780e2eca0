using System.Buffers.Binary;
using System.Security.Cryptography;
using SecureAgent.Core;

namespace SecureAgent.Channels.Relay;

/// <summary>One side of a relay: many connections over one pair of streams (docs/relay.md). The listening side opens
/// connections and watches the other; the dialling side is given them.</summary>
/// <remarks>The loop that reads never waits for anything but bytes. Whatever the other side sends ends at worst the
/// relay.</remarks>
public sealed class RelayMultiplexer : IDisposable
{
    private const int BufferSizeBytes = 64 * 1024;

    private static readonly TimeSpan FlushPatience = TimeSpan.FromSeconds(1);

    private readonly object _gate = new();
    private readonly Stream _input;
    private readonly TimeProvider _time;
    private readonly Func<RelayStream, ReadOnlyMemory<byte>, Task>? _accept;
    private readonly Dictionary<uint, RelayStream> _connections = [];
    private readonly TaskCompletionSource _ready = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly CancellationTokenSource _ending = new();
#pragma warning disable CA2213 // Who opens while the relay ends is told so, and lets go of it after that; it holds nothing.
    private readonly SemaphoreSlim _opening = new(1);
#pragma warning restore CA2213
    private RelayHeartbeat? _heartbeat;
    private string? _failure;
    private uint _lastNumber;
    private bool _isEnded;

    private RelayMultiplexer(
        Stream input, Stream output, TimeProvider time, Func<RelayStream, ReadOnlyMemory<byte>, Task>? accept)
    {
        (_input, _time, _accept) = (input, time, accept);
        Writer = new RelayWriter(output);
    }

    /// <summary>Completes once the other side has said that it is a relay; is cancelled if the relay ends
    /// before.</summary>
    public Task Ready => _ready.Task;

    /// <summary>Whether it ended because there was no connection for long.</summary>
    public bool WasIdle { get; private set; }

    internal RelayWriter Writer { get; }

    /// <summary>Creates the side that opens connections.</summary>
    /// <param name="input">From the other side.</param>
    /// <param name="output">To the other side.</param>
    /// <param name="time">The clock of the signs of life.</param>
    public static RelayMultiplexer Listening(Stream input, Stream output, TimeProvider time) =>
        new(input, output, time, accept: null);

    /// <summary>Creates the side that is given connections.</summary>
    /// <param name="input">From the other side.</param>
    /// <param name="output">To the other side.</param>
    /// <param name="accept">Serves a connection, whose introduction it gets, and disposes it; does not throw.</param>
    public static RelayMultiplexer Dialling(
        Stream input, Stream output, Func<RelayStream, ReadOnlyMemory<byte>, Task> accept) =>
        new(input, output, TimeProvider.System, accept);

    /// <summary>Runs until the other side ends, or there was no connection for long; then every connection is cut
    /// off.</summary>
    /// <param name="ct">Ends it.</param>
    /// <exception cref="RelayProtocolException">The other side is no relay, breaks the protocol, or gives no sign of
    /// life.</exception>
    /// <exception cref="OperationCanceledException"><paramref name="ct"/> was cancelled.</exception>
    public async Task RunAsync(CancellationToken ct)
    {
        using CancellationTokenRegistration stopping = ct.UnsafeRegister(_ => _ending.Cancel(), null);
        Task writing = WriteAsync();
        try
        {
            await ReadAsync(_ending.Token).ConfigureAwait(false);
        }
        catch (IOException)
        {
            // The other side has ended.
        }
        catch (OperationCanceledException) when (_ending.IsCancellationRequested)
        {
            // Told below, by whom.
        }
        finally
        {
            End();
            await _ending.CancelAsync().ConfigureAwait(false);
            await Task.WhenAny(writing, Task.Delay(FlushPatience, CancellationToken.None)).ConfigureAwait(false);
        }

        if (_failure is string failure)
        {
            throw new RelayProtocolException(failure);
        }

        ct.ThrowIfCancellationRequested();
    }

    /// <summary>Opens a connection.</summary>
    /// <param name="introduction">Who the client is, at most 8 KiB; the other side's business.</param>
    /// <param name="ct">Cancels the waiting.</param>
    /// <exception cref="IOException">The relay has ended.</exception>
    /// <exception cref="ChannelException">There are too many connections.</exception>
    public async ValueTask<RelayStream> OpenAsync(ReadOnlyMemory<byte> introduction, CancellationToken ct)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(introduction.Length, RelayFrame.MaxIntroductionBytes);
        // One after the other, because numbers must go out in order.
        await _opening.WaitAsync(ct).ConfigureAwait(false);
        RelayStream? connection = null;
        try
        {
            connection = Add();
            await Writer.SendAsync(RelayFrameType.Open, connection.Number, introduction, ct).ConfigureAwait(false);
            return connection;
        }
        catch when (connection is not null)
        {
            // The other side has never heard of it.
            Remove(connection);
            connection.CutOff();
            throw;
        }
        finally
        {
            _opening.Release();
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _heartbeat?.Dispose();
        _ending.Dispose();
    }

    internal void Remove(RelayStream connection)
    {
        lock (_gate)
        {
            if (_connections.Remove(connection.Number) && _connections.Count == 0 && !_isEnded)
            {
                _heartbeat?.SetBusy(false);
            }
        }
    }

    private RelayStream Add()
    {
        lock (_gate)
        {
            if (_isEnded || _lastNumber == uint.MaxValue)
            {
                throw new IOException("The relay has ended.");
            }

            if (_connections.Count == RelayFrame.MaxConnections)
            {
                throw new ChannelException(
                    $"The relay has {RelayFrame.MaxConnections} connections, and takes no more.");
            }

            RelayStream connection = new(this, ++_lastNumber);
            _connections.Add(connection.Number, connection);
            _heartbeat?.SetBusy(true);
            return connection;
        }
    }

    private async Task WriteAsync()
    {
        try
        {
            await Writer.RunAsync(_ending.Token).ConfigureAwait(false);
        }
        catch (IOException)
        {
            // The other side reads no more, which is its end too.
            await _ending.CancelAsync().ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            // The relay ends.
        }
    }

    private async Task ReadAsync(CancellationToken ct)
    {
        byte[] buffer = PinnedPool.Rent(BufferSizeBytes);
        try
        {
            int start = 0;
            int end = 0;
            while (true)
            {
                int taken = 0;
                do
                {
                    start += taken;
                    taken = Take(buffer.AsSpan(start, end - start));
                }
                while (taken > 0);

                CryptographicOperations.ZeroMemory(buffer.AsSpan(0, start));
                buffer.AsSpan(start, end - start).CopyTo(buffer);
                (start, end) = (0, end - start);
                int count = await _input.ReadAsync(buffer.AsMemory(end), ct).ConfigureAwait(false);
                if (count == 0)
                {
                    return;
                }

                end += count;
            }
        }
        catch (RelayProtocolException exception)
        {
            _failure = exception.Message;
        }
        finally
        {
            PinnedPool.Return(buffer);
        }
    }

    /// <summary>Takes one frame, or the hello.</summary>
    /// <returns>How many bytes it has; 0 if it is not all there.</returns>
    private int Take(ReadOnlySpan<byte> received)
    {
        if (!_ready.Task.IsCompleted)
        {
            if (!RelayHello.IsComplete(received))
            {
                return 0;
            }

            BeReady();
            return RelayHello.SizeBytes;
        }

        if (received.Length < RelayFrame.HeadSizeBytes)
        {
            return 0;
        }

        RelayFrame frame = RelayFrame.Read(received);
        int size = RelayFrame.HeadSizeBytes + (int)frame.Length;
        if (received.Length < size)
        {
            return 0;
        }

        Take(frame, received[RelayFrame.HeadSizeBytes..size]);
        return size;
    }

    private void BeReady()
    {
        if (_accept is null)
        {
            RelayHeartbeat heartbeat = new(_time, Writer.PostPing, () => Fail("it gives no sign of life"), EndIfIdle);
            lock (_gate)
            {
                _heartbeat = heartbeat;
                heartbeat.SetBusy(_connections.Count > 0);
            }
        }

        _ready.TrySetResult();
    }

    private void Take(RelayFrame frame, ReadOnlySpan<byte> payload)
    {
        switch (frame.Type)
        {
            case RelayFrameType.Open:
                Accept(frame.Connection, payload);
                break;
            case RelayFrameType.Data:
                Find(frame)?.Receive(payload);
                break;
            case RelayFrameType.End:
                Find(frame)?.ReceiveEnd();
                break;
            case RelayFrameType.Reset:
                if (Find(frame) is { } connection)
                {
                    Remove(connection);
                    connection.CutOff();
                }

                break;
            case RelayFrameType.Credit:
                Find(frame)?.AddCredit(BinaryPrimitives.ReadUInt32BigEndian(payload));
                break;
            case RelayFrameType.Ping:
                if (!Writer.TryPostPong(BinaryPrimitives.ReadUInt64BigEndian(payload)))
                {
                    throw new RelayProtocolException("it asks for signs of life without awaiting them");
                }

                break;
            default:
                if (_heartbeat?.Take(BinaryPrimitives.ReadUInt64BigEndian(payload)) is not true)
                {
                    throw new RelayProtocolException("it gives a sign of life that nobody asked for");
                }

                break;
        }
    }

    /// <summary>The connection of a frame; <see langword="null"/> if it ended here while the frame was under
    /// way.</summary>
    private RelayStream? Find(RelayFrame frame)
    {
        lock (_gate)
        {
            return frame.Connection <= _lastNumber
                ? _connections.GetValueOrDefault(frame.Connection)
                : throw new RelayProtocolException(
                    $"it sent a {frame.Type} frame for connection {frame.Connection}, which was never opened");
        }
    }

    private void Accept(uint number, ReadOnlySpan<byte> introduction)
    {
        if (_accept is null)
        {
            throw new RelayProtocolException("it opens connections, which only the listening side may");
        }

        RelayStream connection;
        lock (_gate)
        {
            if (number <= _lastNumber)
            {
                throw new RelayProtocolException($"it opened connection {number} after connection {_lastNumber}");
            }

            if (_connections.Count == RelayFrame.MaxConnections)
            {
                throw new RelayProtocolException($"it opened more than {RelayFrame.MaxConnections} connections");
            }

            _lastNumber = number;
            connection = new RelayStream(this, number);
            _connections.Add(number, connection);
        }

        byte[] copy = introduction.ToArray();
        _ = Task.Run(() => _accept(connection, copy));
    }

    private void EndIfIdle()
    {
        lock (_gate)
        {
            if (_connections.Count > 0)
            {
                return;
            }

            _isEnded = true;
            WasIdle = true;
        }

        _ending.Cancel();
    }

    private void Fail(string failure)
    {
        _failure = failure;
        _ending.Cancel();
    }

    private void End()
    {
        RelayStream[] connections;
        lock (_gate)
        {
            _isEnded = true;
            connections = [.. _connections.Values];
            _connections.Clear();
            _heartbeat?.Dispose();
        }

        _ready.TrySetCanceled();
        foreach (RelayStream connection in connections)
        {
            connection.CutOff();
        }
    }
}
