using SecureAgent.Channels;
using SecureAgent.Channels.Pageant;
using SecureAgent.Core;
using SecureAgent.Tests.Core;
using SecureAgent.Wire;

namespace SecureAgent.Tests.Channels.Pageant;

public sealed class PageantCallTests
{
    private const int LargeRoomBytes = 256 * 1024 - 4;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private static readonly PeerInfo Peer = new("pageant");

    [Fact]
    public async Task List_is_answered_on_the_spot()
    {
        using TestAgent agent = TestAgent.With(TestKey.Ed25519());
        Task<ReadOnlyMemory<byte>> answering = Ask(agent, Requests.List);
        Assert.True(answering.IsCompleted);
        Assert.Single(AgentResponse.DecodeIdentities(await answering));
    }

    [Fact]
    public async Task Request_that_nobody_answers_is_refused_and_cancelled_after_the_limit()
    {
        TestKey key = TestKey.Ed25519();
        TaskCompletionSource cancelled = new(TaskCreationOptions.RunContinuationsAsynchronously);
        TaskCompletionSource asked = new(TaskCreationOptions.RunContinuationsAsynchronously);
        key.Delay = async ct =>
        {
            asked.SetResult();
            await using CancellationTokenRegistration registration = ct.Register(() => cancelled.SetResult());
            await cancelled.Task;
            ct.ThrowIfCancellationRequested();
        };
        using TestAgent agent = TestAgent.With(key);
        Task<ReadOnlyMemory<byte>> answering = Ask(agent, Requests.Sign(key.PublicKey.Blob, [1]));
        await asked.Task.WaitAsync(Patience, TestContext.Current.CancellationToken);
        agent.Time.Advance(PageantCall.Limit - TimeSpan.FromTicks(1));
        Assert.False(answering.IsCompleted);
        agent.Time.Advance(TimeSpan.FromTicks(1));
        Assert.Equal([5], (await answering.WaitAsync(Patience, TestContext.Current.CancellationToken)).ToArray());
        await cancelled.Task.WaitAsync(Patience, TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task Fault_of_the_agent_is_a_failure_and_logged()
    {
        using TestAgent agent = TestAgent.With();
        PageantCall call = new(new FaultyAgent(), agent.Log, agent.Time, CancellationToken.None);
        Assert.Equal([5], (await call.AnswerAsync(Peer, PinnedPool.Rent(1), 1, LargeRoomBytes)).ToArray());
        Assert.Contains(agent.Log.Events, logged => logged.Level == AgentEventLevel.Error);
    }

    [Fact]
    public async Task List_that_is_too_long_for_its_client_is_cut_down_and_logged_once_per_size()
    {
        using TestAgent agent = TestAgent.With([.. Enumerable.Range(0, 20).Select(_ => TestKey.Ed25519())]);
        PageantCall call = new(agent.Agent, agent.Log, agent.Time, CancellationToken.None);
        foreach (int room in new[] { 500, 500, 600, LargeRoomBytes })
        {
            byte[] request = PinnedPool.Rent(1);
            request[0] = Requests.List[0];
            int count = AgentResponse.DecodeIdentities(await call.AnswerAsync(Peer, request, 1, room)).Count;
            Assert.Equal(Math.Min(20, (room - 5) / (4 + 51 + 4 + 4)), count);
        }

        string[] logged =
            [.. agent.Log.Events.Where(logged => logged.Kind == "pageant").Select(logged => logged.Message)];
        Assert.Equal(2, logged.Length);
        Assert.Contains("7 of 20 identities", logged[0], StringComparison.Ordinal);
        Assert.Contains("504 bytes", logged[0], StringComparison.Ordinal);
    }

    private static Task<ReadOnlyMemory<byte>> Ask(TestAgent agent, byte[] message)
    {
        PageantCall call = new(agent.Agent, agent.Log, agent.Time, CancellationToken.None);
        byte[] request = PinnedPool.Rent(message.Length);
        message.CopyTo(request, 0);
        return call.AnswerAsync(Peer, request, message.Length, LargeRoomBytes);
    }

    private sealed class FaultyAgent : IAgent
    {
        public IAgentSession OpenSession(PeerInfo peer) => throw new InvalidOperationException("broken");
    }
}
