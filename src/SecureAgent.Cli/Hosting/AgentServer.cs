using SecureAgent.Core;

namespace SecureAgent.Cli.Hosting;

/// <summary>Serves one agent over channels. A channel that cannot listen does not take the others along.</summary>
internal sealed class AgentServer : IAsyncDisposable
{
    private readonly CancellationTokenSource _stop;
    private readonly Task _serving;

    private AgentServer(IReadOnlyList<IChannel> listening, IEnumerable<Task> serving, CancellationTokenSource stop)
    {
        (Listening, _stop) = (listening, stop);
        _serving = Task.WhenAll(serving);
    }

    /// <summary>The channels on which clients can connect.</summary>
    public IReadOnlyList<IChannel> Listening { get; }

    /// <summary>Starts serving, and waits until each channel listens or has failed to.</summary>
    /// <exception cref="ChannelException">None of them can listen.</exception>
    public static async Task<AgentServer> StartAsync(
        SshAgent agent, IReadOnlyList<IChannel> channels, IAgentLog log, CancellationToken ct)
    {
#pragma warning disable CA2000 // The server disposes it.
        CancellationTokenSource stop = new();
#pragma warning restore CA2000
        List<IChannel> listening = [];
        List<Task> serving = [];
        ChannelException? failed = null;
        foreach (IChannel channel in channels)
        {
            Task running = ServeAsync(channel, agent, log, stop.Token);
            try
            {
                await channel.Listening.WaitAsync(ct).ConfigureAwait(false);
                listening.Add(channel);
                serving.Add(running);
            }
            catch (ChannelException e)
            {
                failed = e;
            }
        }

        AgentServer server = new(listening, serving, stop);
        if (failed is not null && listening.Count == 0)
        {
            await server.DisposeAsync().ConfigureAwait(false);
            throw failed;
        }

        return server;
    }

    /// <summary>Closes every connection and stops listening.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync().ConfigureAwait(false);
        await _serving.ConfigureAwait(false);
        _stop.Dispose();
    }

    private static async Task ServeAsync(IChannel channel, SshAgent agent, IAgentLog log, CancellationToken ct)
    {
        try
        {
            await channel.RunAsync(agent, ct).ConfigureAwait(false);
        }
        catch (ChannelException e)
        {
            log.Write(new AgentEvent(AgentEventLevel.Error, channel.Name, e.Message));
        }
        catch (OperationCanceledException) when (ct.IsCancellationRequested)
        {
            // The end that was asked for.
        }
    }
}
