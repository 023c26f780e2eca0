using System.Threading.Channels;
using SecureAgent.Channels;

namespace SecureAgent.Tests.Channels;

/// <summary>A client on a stream: sends what a test says in the pieces it says, and keeps what is written to
/// it.</summary>
internal sealed class ScriptedStream : ConnectionStream
{
    private readonly Channel<byte[]> _input = Channel.CreateUnbounded<byte[]>();
    private readonly MemoryStream _output = new();
    private readonly SemaphoreSlim _written = new(0);
    private byte[] _piece = [];
    private int _reads;

    /// <summary>Awaited before each write is taken.</summary>
    public Func<CancellationToken, Task> Congestion { get; set; } = _ => Task.CompletedTask;

    /// <summary>Reads that have begun.</summary>
    public int Reads => Volatile.Read(ref _reads);

    public byte[] Output
    {
        get
        {
            lock (_output)
            {
                return _output.ToArray();
            }
        }
    }

    /// <summary>Sends one piece; nothing if it is empty, because a read of 0 bytes would be the end.</summary>
    public void Send(params byte[] piece)
    {
        if (piece.Length > 0)
        {
            _input.Writer.TryWrite(piece);
        }
    }

    public void Leave() => _input.Writer.TryComplete();

    /// <summary>Waits until at least <paramref name="length"/> bytes are written.</summary>
    public async Task<byte[]> OutputAsync(int length)
    {
        while (Output.Length < length)
        {
            Assert.True(await _written.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken));
        }

        return Output;
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        Interlocked.Increment(ref _reads);
        if (_piece.Length == 0)
        {
            if (!await _input.Reader.WaitToReadAsync(cancellationToken))
            {
                return 0;
            }

            _piece = await _input.Reader.ReadAsync(cancellationToken);
        }

        int count = Math.Min(_piece.Length, buffer.Length);
        _piece.AsSpan(0, count).CopyTo(buffer.Span);
        _piece = _piece[count..];
        return count;
    }

    public override async ValueTask WriteAsync(
        ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        await Congestion(cancellationToken);
        lock (_output)
        {
            _output.Write(buffer.Span);
        }

        _written.Release();
    }

    protected override void Dispose(bool disposing)
    {
        _written.Dispose();
        _output.Dispose();
        base.Dispose(disposing);
    }
}
