using System.Threading.Channels;
using SecureAgent.Channels.Relay;
using SecureAgent.Tests.Core;

namespace SecureAgent.Tests.Channels.Relay;

/// <summary>Both sides of a relay, joined in memory.</summary>
internal sealed class RelayPair : IAsyncDisposable
{
    private readonly Channel<(RelayStream Stream, byte[] Introduction)> _accepted =
        Channel.CreateUnbounded<(RelayStream Stream, byte[] Introduction)>();

    private readonly RelayMultiplexer _dialling;
    private readonly Task _diallingRun;

    public RelayPair()
    {
        (DuplexStream here, DuplexStream there) = DuplexStream.Pair();
        (Here, There) = (here, there);
        Listening = RelayMultiplexer.Listening(here, here, Time);
        _dialling = RelayMultiplexer.Dialling(there, there, (stream, introduction) =>
        {
            Assert.True(_accepted.Writer.TryWrite((stream, introduction.ToArray())));
            return Task.CompletedTask;
        });
        ListeningRun = Listening.RunAsync(CancellationToken.None);
        _diallingRun = _dialling.RunAsync(CancellationToken.None);
    }

    public ManualTime Time { get; } = new();

    public RelayMultiplexer Listening { get; }

    public Task ListeningRun { get; }

    public DuplexStream Here { get; }

    public DuplexStream There { get; }

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    /// <summary>A connection, as both sides have it.</summary>
    public async Task<(RelayStream Client, RelayStream Agent)> OpenAsync(params byte[] introduction)
    {
        RelayStream client = await Listening.OpenAsync(introduction, Ct);
        (RelayStream agent, byte[] got) = await _accepted.Reader.ReadAsync(Ct).AsTask()
            .WaitAsync(TimeSpan.FromSeconds(30), Ct);
        Assert.Equal(introduction, got);
        return (client, agent);
    }

    public async ValueTask DisposeAsync()
    {
        await Here.DisposeAsync();
        await There.DisposeAsync();
        await Task.WhenAny(Task.WhenAll(ListeningRun, _diallingRun)).WaitAsync(TimeSpan.FromSeconds(30));
        Listening.Dispose();
        _dialling.Dispose();
    }
}
