using SecureAgent.Cli.Configuration;
using SecureAgent.Cli.Output;
using SecureAgent.Core;
using SecureAgent.Wire;

namespace SecureAgent.Cli.Hosting;

/// <summary>Looks from outside, as a client does, at one of the ways for clients to arrive.</summary>
/// <param name="Name">As in the setting <c>channels</c>.</param>
/// <param name="Endpoint">Where it is.</param>
/// <param name="Address">What clients call that.</param>
internal sealed record ChannelProbe(string Name, AgentEndpoint Endpoint, string Address)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    /// <summary>Says if the wrong process answers there, and what to do; <see langword="null"/> if it is the right
    /// one, or the channel cannot tell.</summary>
    public Func<string?> FindStranger { get; init; } = () => null;

    /// <summary>Looks.</summary>
    public async Task<ChannelOutput> RunAsync(CancellationToken ct)
    {
        using CancellationTokenSource patience = CancellationTokenSource.CreateLinkedTokenSource(ct);
        patience.CancelAfter(Patience);
        string? problem;
        try
        {
            problem = FindStranger();
            if (problem is null)
            {
                AgentClient client = await AgentClient.ConnectAsync(Endpoints.Dialer(Endpoint), patience.Token)
                    .ConfigureAwait(false);
                await using (client.ConfigureAwait(false))
                {
                    _ = await client.ListAsync(patience.Token).ConfigureAwait(false);
                }
            }
        }
        catch (OperationCanceledException) when (!ct.IsCancellationRequested)
        {
            problem = "it does not answer";
        }
        catch (Exception exception) when (exception is ChannelException or WireFormatException or IOException)
        {
            problem = exception.Message;
        }

        return new ChannelOutput(Name, Address, problem);
    }
}
