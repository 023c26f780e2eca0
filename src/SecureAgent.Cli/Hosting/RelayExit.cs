using SecureAgent.Channels.Relay;
using SecureAgent.Core;

namespace SecureAgent.Cli.Hosting;

/// <summary>Where relayed connections leave the relay: each gets a connection of its own to the agent.</summary>
/// <param name="endpoint">What messages call the agent.</param>
/// <param name="introduction">The way to it.</param>
/// <param name="log">Is told when it cannot be reached.</param>
/// <param name="ct">Ends them all.</param>
internal sealed class RelayExit(
    string endpoint, PeerIntroduction introduction, IAgentLog log, CancellationToken ct)
{
    private int _isLost;

    /// <summary>Serves one until either side ends, and disposes it.</summary>
    public async Task ServeAsync(RelayStream client, ReadOnlyMemory<byte> claim)
    {
        await using (client.ConfigureAwait(false))
        {
            try
            {
                Stream agent = await introduction.ConnectAsync(claim, ct).ConfigureAwait(false);
                Volatile.Write(ref _isLost, 0);
                await using (agent.ConfigureAwait(false))
                {
                    await AgentSplice.RunAsync(client, client, agent, ct).ConfigureAwait(false);
                    client.EndWriting();
                }
            }
            catch (ChannelException e)
            {
                // Once, until it can be reached again.
                if (Interlocked.Exchange(ref _isLost, 1) == 0)
                {
                    log.Write(new AgentEvent(AgentEventLevel.Warning, "relay", $"{endpoint}: {e.Message}"));
                }
            }
            catch (OperationCanceledException)
            {
                // The relay ends.
            }
        }
    }
}
