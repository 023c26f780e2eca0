using System.Security.Cryptography;

namespace SecureAgent.Cli.Hosting;

/// <summary>Standard input as it is, byte for byte, read by a thread of its own: neither system can wait for a pipe that
/// somebody else made without a thread, and the pool's are few.</summary>
internal sealed class StandardInput : Stream
{
    private const int BufferSizeBytes = 16 * 1024;

    private readonly byte[] _buffer = GC.AllocateArray<byte>(BufferSizeBytes, pinned: true);

    // The thread may wait in them until the process ends, which no system lets others change.
#pragma warning disable CA2213
    private readonly SemaphoreSlim _free = new(1);
    private readonly SemaphoreSlim _filled = new(0);
    private readonly Stream _source;
#pragma warning restore CA2213

    private int _start;
    private int _end;

    private StandardInput(Stream source) => _source = source;

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    /// <summary>Begins to read.</summary>
    public static StandardInput Open()
    {
        StandardInput input = new(Console.OpenStandardInput());
        new Thread(input.Read) { IsBackground = true, Name = "standard input" }.Start();
        return input;
    }

    /// <summary>Reads what has arrived, or waits.</summary>
    /// <returns>0 at its end.</returns>
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        await _filled.WaitAsync(cancellationToken).ConfigureAwait(false);
        int count = Math.Min(_end - _start, buffer.Length);
        Span<byte> taken = _buffer.AsSpan(_start, count);
        taken.CopyTo(buffer.Span);
        CryptographicOperations.ZeroMemory(taken);
        _start += count;
        (_start == _end && count > 0 ? _free : _filled).Release();
        return count;
    }

    public override void Flush() => throw new NotSupportedException();

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    private void Read()
    {
        do
        {
            _free.Wait();
            _start = 0;
            try
            {
                _end = _source.Read(_buffer, 0, _buffer.Length);
            }
            catch (IOException)
            {
                _end = 0; // Broken, which is its end.
            }

            _filled.Release();
        }
        while (_end > 0);
    }
}
