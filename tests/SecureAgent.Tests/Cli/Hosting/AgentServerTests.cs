using SecureAgent.Cli.Hosting;
using SecureAgent.Core;
using SecureAgent.Tests.Core;

namespace SecureAgent.Tests.Cli.Hosting;

public sealed class AgentServerTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_ends_it_before_it_listens_stops_the_channel_too()
    {
        using TestAgent agent = new();
        ScriptedChannel channel = new(new TaskCompletionSource().Task);
        using CancellationTokenSource ended = CancellationTokenSource.CreateLinkedTokenSource(Token);
        Task<AgentServer> starting = AgentServer.StartAsync(agent.Agent, [channel], agent.Log, ended.Token);
        await ended.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => starting);
        Assert.True(channel.HasStopped);
    }

    [Fact]
    public async Task A_channel_that_cannot_listen_is_said_once_and_leaves_the_others()
    {
        using TestAgent agent = new();
        ScriptedChannel bad = new(Task.FromException(new ChannelException("no place")));
        ScriptedChannel good = new(Task.CompletedTask);

        AgentServer server = await AgentServer.StartAsync(agent.Agent, [bad, good], agent.Log, Token);
        await using (server)
        {
            Assert.Equal([good], server.Listening);
            Assert.Single(agent.Log.Events, logged => logged.Message == "no place");
        }
    }

    [Fact]
    public async Task Where_none_can_listen_the_reason_is_thrown_and_not_logged()
    {
        using TestAgent agent = new();
        ScriptedChannel bad = new(Task.FromException(new ChannelException("no place")));

        ChannelException thrown = await Assert.ThrowsAsync<ChannelException>(
            () => AgentServer.StartAsync(agent.Agent, [bad], agent.Log, Token));

        Assert.Equal("no place", thrown.Message);
        Assert.Empty(agent.Log.Events);
    }

    private sealed class ScriptedChannel(Task listening) : IChannel
    {
        public string Name => "scripted";

        public string Endpoint => "nowhere";

        public Task Listening => listening;

        public bool HasStopped { get; private set; }

        public async Task RunAsync(IAgent agent, CancellationToken ct)
        {
            if (listening.Exception?.InnerException is ChannelException failure)
            {
                throw failure;
            }

            try
            {
                await Task.Delay(Timeout.Infinite, ct);
            }
            finally
            {
                HasStopped = true;
            }
        }
    }
}
