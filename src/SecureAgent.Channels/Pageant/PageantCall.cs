using System.Buffers;
using SecureAgent.Core;

namespace SecureAgent.Channels.Pageant;

/// <summary>Answers requests that come one by one: each is a connection of its own, so that nothing can be bound
/// to a session here.</summary>
internal sealed class PageantCall
{
    /// <summary>How long a client is kept. It cannot take its request back, and its window is frozen meanwhile; that it
    /// has gone cannot be seen. Longer than a person is waited for by default (2 minutes), and the PIN after a
    /// confirmation.</summary>
    public static readonly TimeSpan Limit = TimeSpan.FromMinutes(5);

    /// <summary>A client's mappings are all of one size; whoever makes up sizes fills no log.</summary>
    private const int MaxLoggedSizes = 16;

    /// <summary>SSH_AGENT_FAILURE, the one message that a channel has to know (RFC 9987, "generic
    /// responses").</summary>
    private static readonly byte[] Failure = [5];

    private readonly IAgent _agent;
    private readonly IAgentLog _log;
    private readonly TimeProvider _time;
    private readonly CancellationToken _stopping;
    private readonly HashSet<int> _loggedSizes = [];

    /// <summary>Creates it.</summary>
    /// <param name="agent">Answers.</param>
    /// <param name="log">Takes faults and answers that were cut down.</param>
    /// <param name="time">The clock of <see cref="Limit"/>.</param>
    /// <param name="stopping">Ends every call.</param>
    public PageantCall(IAgent agent, IAgentLog log, TimeProvider time, CancellationToken stopping) =>
        (_agent, _log, _time, _stopping) = (agent, log, time, stopping);

    /// <summary>The answer to what is no request, such as one that does not fit its mapping.</summary>
    public static ReadOnlyMemory<byte> Refusal => Failure;

    /// <summary>Answers one request; what is quick is answered when this returns, the rest runs on the pool.</summary>
    /// <param name="peer">Who asks.</param>
    /// <param name="request">The body of the message, from <see cref="PinnedPool"/>; returned there when nothing reads
    /// it any more.</param>
    /// <param name="length">Length of the body.</param>
    /// <param name="maxAnswerBytes">The room for the body of the answer.</param>
    /// <returns>The body of the answer. Never faults, and ends within <see cref="Limit"/>.</returns>
    public async Task<ReadOnlyMemory<byte>> AnswerAsync(PeerInfo peer, byte[] request, int length, int maxAnswerBytes)
    {
        using CancellationTokenSource leaving = CancellationTokenSource.CreateLinkedTokenSource(_stopping);
        try
        {
            Task<byte[]> handling = HandleAsync(peer, request, length, leaving.Token);
            byte[] answer = await handling.WaitAsync(Limit, _time, _stopping).ConfigureAwait(false);
            return answer.Length <= maxAnswerBytes ? answer : Fit(answer, maxAnswerBytes, peer);
        }
        catch (Exception exception) when (exception is TimeoutException or OperationCanceledException)
        {
            await leaving.CancelAsync().ConfigureAwait(false);
            return Failure;
        }
#pragma warning disable CA1031 // A fault in one request must not pass unseen, and must not end the channel.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            _log.Write(new AgentEvent(AgentEventLevel.Error, "connection",
                $"A request to the Pageant window ended by a fault of the agent: {exception.GetType().Name}: "
                + exception.Message) { Peer = peer });
            return Failure;
        }
    }

    private async Task<byte[]> HandleAsync(PeerInfo peer, byte[] request, int length, CancellationToken ct)
    {
        FrameWriter response = new();
        try
        {
            using IAgentSession session = _agent.OpenSession(peer);
            ReadOnlySequence<byte> body = new(request, 0, length);
            if (session.IsQuick(body))
            {
                await session.HandleAsync(body, response, ct).ConfigureAwait(false);
            }
            else
            {
                await Task.Run(async () => await session.HandleAsync(body, response, ct).ConfigureAwait(false), ct)
                    .ConfigureAwait(false);
            }

            return response.Complete()[PageantProtocol.PrefixSizeBytes..].ToArray();
        }
        finally
        {
            response.Release();
            PinnedPool.Return(request);
        }
    }

    private ReadOnlyMemory<byte> Fit(byte[] answer, int maxAnswerBytes, PeerInfo peer)
    {
        FittedAnswer fitted = FittedAnswer.Fit(answer, maxAnswerBytes);
        bool isNew;
        lock (_loggedSizes)
        {
            isNew = _loggedSizes.Count < MaxLoggedSizes && _loggedSizes.Add(maxAnswerBytes);
        }

        if (isNew)
        {
            int size = maxAnswerBytes + PageantProtocol.PrefixSizeBytes;
            string what = fitted.Kept > 0
                ? $"was shown {fitted.Kept} of {fitted.Listed} identities, certificates last"
                : "was refused an answer";
            _log.Write(new AgentEvent(AgentEventLevel.Warning, "pageant",
                $"A client {what}, because it has room for {size} bytes only and the answer takes {answer.Length}. "
                + "Use a newer client, PuTTY 0.71 or later, or list fewer keys. Others like it are not logged.")
            {
                Peer = peer,
            });
        }

        return fitted.Message;
    }
}
