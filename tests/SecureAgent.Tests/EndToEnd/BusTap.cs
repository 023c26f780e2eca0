using System.Buffers.Binary;
using System.Net.Sockets;

namespace SecureAgent.Tests.EndToEnd;

/// <summary>Somebody on the bus: passes TPM commands and responses between clients and swtpm's Unix socket, writes
/// every
/// byte down, and can change responses.</summary>
internal sealed class BusTap : IAsyncDisposable
{
    private readonly Socket _listener = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
    private readonly CancellationTokenSource _end = new();
    private readonly MemoryStream _seen = new();
    private readonly Lock _gate = new();
    private readonly string _tpm;
    private readonly Task _serving;
    private int _responses;
    private Func<byte[], byte[]>? _change;

    private BusTap(string path, string tpm)
    {
        _tpm = tpm;
        Tcti = $"swtpm:path={path}";
        _listener.Bind(new UnixDomainSocketEndPoint(path));
        _listener.Listen();
        _serving = ServeAsync();
    }

    /// <summary>How a client reaches the TPM through the tap.</summary>
    public string Tcti { get; }

    /// <summary>How many responses have passed or were put in place of one.</summary>
    public int Responses => Volatile.Read(ref _responses);

    /// <summary>Everything that has passed, in both directions.</summary>
    public byte[] Seen
    {
        get
        {
            lock (_gate)
            {
                return _seen.ToArray();
            }
        }
    }

    /// <summary>Taps swtpm's socket <paramref name="tpm"/> at the new socket <paramref name="path"/>.</summary>
    public static BusTap Start(string path, string tpm) => new(path, tpm);

    /// <summary>From now on every response goes through <paramref name="change"/>; <see langword="null"/> ends
    /// that.</summary>
    public void Change(Func<byte[], byte[]>? change) => Volatile.Write(ref _change, change);

    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        await _serving;
        _listener.Dispose();
        _end.Dispose();
        _seen.Dispose();
    }

    private async Task ServeAsync()
    {
        // swtpm serves one connection at a time, and so does the tap.
        while (!_end.IsCancellationRequested)
        {
            try
            {
                using Socket client = await _listener.AcceptAsync(_end.Token);
                using Socket tpm = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
                await tpm.ConnectAsync(new UnixDomainSocketEndPoint(_tpm), _end.Token);
                await using NetworkStream fromClient = new(client);
                await using NetworkStream fromTpm = new(tpm);
                while (true)
                {
                    byte[] command = await ReadAsync(fromClient);
                    Write(command);
                    await fromTpm.WriteAsync(command, _end.Token);
                    byte[] response = await ReadAsync(fromTpm);
                    Write(response);
                    response = Volatile.Read(ref _change)?.Invoke(response) ?? response;
                    Interlocked.Increment(ref _responses);
                    await fromClient.WriteAsync(response, _end.Token);
                }
            }
            catch (Exception e) when (e is IOException or OperationCanceledException)
            {
                // That client has gone, or the test is over.
            }
        }
    }

    // TPM 2.0 Part 1 section 18: tag, size of the whole in bytes, command or response code.
    private async Task<byte[]> ReadAsync(NetworkStream stream)
    {
        byte[] header = new byte[10];
        await stream.ReadExactlyAsync(header, _end.Token);
        byte[] whole = new byte[BinaryPrimitives.ReadInt32BigEndian(header.AsSpan(2))];
        header.CopyTo(whole, 0);
        await stream.ReadExactlyAsync(whole.AsMemory(10), _end.Token);
        return whole;
    }

    private void Write(byte[] bytes)
    {
        lock (_gate)
        {
            _seen.Write(bytes);
        }
    }
}
