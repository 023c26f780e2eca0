using SecureAgent.Core;

namespace SecureAgent.Cli.Hosting;

/// <summary>Serves one agent over channels. A channel that cannot listen does not take the others along.</summary>
internal sealed class AgentServer : IAsyncDisposable
{
    private readonly CancellationTokenSource _stop;
    private readonly Task _serving;

    private AgentServer(
        IReadOnlyList<IChannel> listening,
        IReadOnlyList<ChannelException> failures,
        IEnumerable<Task> serving,
        CancellationTokenSource stop)
    {
        (Listening, Failures, _stop) = (listening, failures, stop);
        _serving = Task.WhenAll(serving);
    }

    /// <summary>The channels on which clients can connect.</summary>
    public IReadOnlyList<IChannel> Listening { get; }

    /// <summary>Why other channels do not listen.</summary>
    public IReadOnlyList<ChannelException> Failures { get; }

    /// <summary>Starts serving, and waits until each channel listens or has failed to.</summary>
    /// <exception cref="ChannelException">None of them can listen.</exception>
    /// <exception cref="OperationCanceledException"><paramref name="ct"/> was cancelled before they all
    /// did.</exception>
    public static async Task<AgentServer> StartAsync(
        IAgent agent, IReadOnlyList<IChannel> channels, IAgentLog log, CancellationToken ct)
    {
#pragma warning disable CA2000 // The server disposes it.
        CancellationTokenSource stop = new();
#pragma warning restore CA2000
        List<IChannel> listening = [];
        List<ChannelException> failures = [];
        List<Task> serving = [];
        try
        {
            foreach (IChannel channel in channels)
            {
                serving.Add(ServeAsync(channel, agent, stop.Token));
                try
                {
                    await channel.Listening.WaitAsync(ct).ConfigureAwait(false);
                    listening.Add(channel);
                }
                catch (ChannelException e)
                {
                    failures.Add(e);
                }
            }

            if (listening.Count == 0)
            {
                throw new ChannelException(string.Join('\n', failures.Select(failure => failure.Message)));
            }
        }
        catch
        {
            await new AgentServer(listening, failures, serving, stop).DisposeAsync().ConfigureAwait(false);
            throw;
        }

        foreach (ChannelException failure in failures)
        {
            log.Write(new AgentEvent(AgentEventLevel.Error, "channel", failure.Message));
        }

        return new AgentServer(listening, failures, serving, stop);
    }

    /// <summary>Closes every connection and stops listening.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync().ConfigureAwait(false);
        await _serving.ConfigureAwait(false);
        _stop.Dispose();
    }

    private static async Task ServeAsync(IChannel channel, IAgent agent, CancellationToken ct)
    {
        try
        {
            await channel.RunAsync(agent, ct).ConfigureAwait(false);
        }
        catch (ChannelException)
        {
            // It cannot listen, which its Listening says as well.
        }
        catch (OperationCanceledException) when (ct.IsCancellationRequested)
        {
            // The end that was asked for.
        }
    }
}
