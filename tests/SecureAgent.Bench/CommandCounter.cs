using System.Buffers.Binary;
using System.Net.Sockets;

namespace SecureAgent.Bench;

/// <summary>Stands between an agent and a TPM of swtpm's protocol and counts the commands that pass.</summary>
internal sealed class CommandCounter : IAsyncDisposable
{
    private readonly Socket _listener = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
    private readonly CancellationTokenSource _end = new();
    private readonly UnixDomainSocketEndPoint _tpm;
    private readonly Task _serving;
    private long _commands;

    /// <summary>Listens on <paramref name="path"/> for clients of the TPM at <paramref name="tcti"/>, a Unix
    /// socket.</summary>
    public CommandCounter(string path, string tcti)
    {
        _tpm = new UnixDomainSocketEndPoint(tcti["swtpm:path=".Length..]);
        Tcti = $"swtpm:path={path}";
        _listener.Bind(new UnixDomainSocketEndPoint(path));
        _listener.Listen();
        _serving = ServeAsync();
    }

    /// <summary>How to reach the TPM through the counter.</summary>
    public string Tcti { get; }

    /// <summary>How many commands have passed.</summary>
    public long Commands => Interlocked.Read(ref _commands);

    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        await _serving;
        _listener.Dispose();
        _end.Dispose();
    }

    private async Task ServeAsync()
    {
        while (!_end.IsCancellationRequested)
        {
            try
            {
                using Socket client = await _listener.AcceptAsync(_end.Token);
                using Socket tpm = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
                await tpm.ConnectAsync(_tpm, _end.Token);
                await using NetworkStream fromClient = new(client);
                await using NetworkStream fromTpm = new(tpm);
                while (true)
                {
                    await PassAsync(fromClient, fromTpm);
                    Interlocked.Increment(ref _commands);
                    await PassAsync(fromTpm, fromClient);
                }
            }
            catch (Exception e) when (e is IOException or OperationCanceledException)
            {
                // That client has gone, or the measurement is over.
            }
        }
    }

    // TPM 2.0 Part 1 section 18: tag, size of the whole in bytes, command or response code.
    private async Task PassAsync(NetworkStream from, NetworkStream to)
    {
        byte[] header = new byte[10];
        await from.ReadExactlyAsync(header, _end.Token);
        byte[] whole = new byte[BinaryPrimitives.ReadInt32BigEndian(header.AsSpan(2))];
        header.CopyTo(whole, 0);
        await from.ReadExactlyAsync(whole.AsMemory(header.Length), _end.Token);
        await to.WriteAsync(whole, _end.Token);
    }
}
