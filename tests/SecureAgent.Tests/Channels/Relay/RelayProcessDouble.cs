using SecureAgent.Channels.Relay;

namespace SecureAgent.Tests.Channels.Relay;

/// <summary>The process at the other end, in memory: echoes on every connection, unless the test does something else with
/// <see cref="Side"/>.</summary>
internal sealed class RelayProcessDouble : IRelayProcess
{
    private readonly DuplexStream _near;
    private readonly TaskCompletionSource<string> _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public RelayProcessDouble(bool isRelay = true)
    {
        (_near, Side) = DuplexStream.Pair();
        if (isRelay)
        {
            _ = ServeAsync();
        }
    }

    /// <summary>Its end of the pipes.</summary>
    public DuplexStream Side { get; }

    public bool IsDisposed { get; private set; }

    public Stream Input => _near;

    public Stream Output => _near;

    public Task<string> Ended => _ended.Task;

    /// <summary>Ends it as kill(1) does.</summary>
    public void Kill()
    {
        Side.Dispose();
        _ended.TrySetResult("with exit code 137");
    }

    public ValueTask DisposeAsync()
    {
        IsDisposed = true;
        _near.Dispose();
        _ended.TrySetResult("with exit code 0");
        return default;
    }

    private async Task ServeAsync()
    {
        using RelayMultiplexer relay = RelayMultiplexer.Dialling(Side, Side, async (stream, _) =>
        {
            await using (stream)
            {
                byte[] bytes = new byte[100];
                try
                {
                    int count;
                    while ((count = await stream.ReadAsync(bytes)) > 0)
                    {
                        await stream.WriteAsync(bytes.AsMemory(0, count));
                    }
                }
                catch (IOException)
                {
                    // The client has gone.
                }
            }
        });
        await Record.ExceptionAsync(() => relay.RunAsync(CancellationToken.None));
    }
}
