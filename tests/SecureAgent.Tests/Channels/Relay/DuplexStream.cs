using System.IO.Pipelines;
using SecureAgent.Channels;

namespace SecureAgent.Tests.Channels.Relay;

/// <summary>One end of a connection in memory, with a half-close, and with the buffer of a pipe of the
/// system.</summary>
internal sealed class DuplexStream : ConnectionStream
{
    private const int PipeBytes = 64 * 1024;

    private readonly PipeReader _reader;
    private readonly PipeWriter _writer;
    private long _written;

    private DuplexStream(PipeReader reader, PipeWriter writer) => (_reader, _writer) = (reader, writer);

    /// <summary>Bytes written so far.</summary>
    public long Written => Interlocked.Read(ref _written);

    public static (DuplexStream One, DuplexStream Other) Pair()
    {
        PipeOptions options = new(pauseWriterThreshold: PipeBytes, resumeWriterThreshold: PipeBytes / 2);
        Pipe there = new(options);
        Pipe back = new(options);
        return (new DuplexStream(back.Reader, there.Writer), new DuplexStream(there.Reader, back.Writer));
    }

    /// <summary>The other end reads the end of the stream.</summary>
    public void EndWriting() => _writer.Complete();

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
        _reader.AsStream(leaveOpen: true).ReadAsync(buffer, cancellationToken);

    public override async ValueTask WriteAsync(
        ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        // Counted before the other end can read it, so that whoever has read it sees it counted.
        Interlocked.Add(ref _written, buffer.Length);
        FlushResult result;
        try
        {
            result = await _writer.WriteAsync(buffer, cancellationToken);
        }
        catch (InvalidOperationException e)
        {
            throw new IOException("Broken pipe", e);
        }

        if (result.IsCompleted)
        {
            throw new IOException("Broken pipe");
        }
    }

    protected override void Dispose(bool disposing)
    {
        _writer.Complete();
        _reader.Complete();
        base.Dispose(disposing);
    }
}
