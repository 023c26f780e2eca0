using System.Text;

namespace SecureAgent.Tests.EndToEnd;

/// <summary>What goes on while the agent is locked or waits for a person.</summary>
[Collection(Undisturbed.Name)]
public sealed class LockTests(KeyFiles keys) : IDisposable
{
    private const int Lists = 400;
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(50);

    private readonly Home _home = new();

    public void Dispose() => _home.Dispose();

    [Fact]
    [Trait("Promise", "lock and unlock")]
    public async Task Only_the_passphrase_unlocks()
    {
        string file = await keys.NamedAsync("locked-in");
        await using AgentPair agents = await AgentPair.StartAsync(_home);
        await agents.SshAddAsync("-q", file);

        Assert.Equal(0, (await agents.SshAddAsync("-x")).ExitCode);
        Assert.Equal(1, (await agents.SshAddAsync("-l")).ExitCode);
        Assert.Equal(1, (await agents.SshAddAsync("-T", file + ".pub")).ExitCode);
        Assert.Equal(1, (await agents.SshAddAsync("-q", file)).ExitCode);
        Assert.Equal(1, (await agents.SshAddAsync("-D")).ExitCode);
        string right = _home.Askpass.Passphrase;
        _home.Askpass.Passphrase = right + "r";
        Assert.Equal(1, (await agents.SshAddAsync("-X")).ExitCode);
        _home.Askpass.Passphrase = right;
        Assert.Equal(0, (await agents.SshAddAsync("-X")).ExitCode);
        Assert.Equal(0, (await agents.SshAddAsync("-T", file + ".pub")).ExitCode);
    }

    [Fact]
    [Trait("Promise", "session-bind and forwarded awareness")]
    public async Task A_connection_that_was_forwarded_while_the_agent_was_locked_stays_forwarded()
    {
        string file = await keys.NamedAsync("locked-in");
        byte[] blob = Convert.FromBase64String(File.ReadAllText(file + ".pub").Split(' ')[1]);
        await using DropInAgent agent = await DropInAgent.StartAsync(AgentSide.DropIn, _home);
        (await agent.Client.SshAddAsync("-q", file)).Succeeded();
        (await agent.Client.SshAddAsync("-x")).Succeeded();
        using AgentSocket forwarded = AgentSocket.Connect(agent.Socket);
        await forwarded.AskAsync(AgentSocket.BindRequest(isForwarding: true));

        (await agent.Client.SshAddAsync("-X")).Succeeded();

        Assert.True(await forwarded.ListsAsync(blob));
        byte[] answer = await forwarded.AskAsync([AgentSocket.SSH_AGENTC_REMOVE_ALL_IDENTITIES]);
        Assert.Equal(AgentSocket.SSH_AGENT_FAILURE, answer[0]);
        Assert.True(await forwarded.ListsAsync(blob));
    }

    [Fact]
    [Trait("Promise", "lock and unlock")]
    public async Task Guessing_the_passphrase_does_not_slow_down_lists()
    {
        await using DropInAgent agent = await DropInAgent.StartAsync(AgentSide.DropIn, _home);
        (await agent.Client.SshAddAsync("-x")).Succeeded();
        List<AgentSocket> guessers = [];
        try
        {
            byte[] wrong = AgentSocket.UnlockRequest(Encoding.UTF8.GetBytes("a wrong passphrase"));
            guessers.AddRange(Enumerable.Range(0, 20).Select(_ => AgentSocket.Connect(agent.Socket)));
            Task<byte[]>[] guesses = [.. guessers.Select(guesser => guesser.AskAsync(wrong))];
            await Task.WhenAny(guesses).WaitAsync(Deadline.Span, TestContext.Current.CancellationToken);

            await ListsAreQuickAsync(agent);

            Assert.Contains(guesses, guess => !guess.IsCompleted); // Later guesses wait, and they were not through.
        }
        finally
        {
            guessers.ForEach(guesser => guesser.Dispose());
        }

        (await agent.Client.SshAddAsync("-X")).Succeeded();
    }

    [Fact]
    [Trait("Promise", "slow and idle clients cannot starve others")]
    public async Task A_question_that_nobody_answers_does_not_slow_down_lists()
    {
        string file = await keys.NamedAsync("unanswered");
        await using DropInAgent agent = await DropInAgent.StartAsync(AgentSide.DropIn, _home);
        (await agent.Client.SshAddAsync("-c", "-q", file)).Succeeded();
        _home.Askpass.Pin = "yes";
        await _home.Askpass.CloseGateAsync();
        Task<Ran> signing = agent.Client.SignAsync(keys.Alone(file), "a message");
        await _home.Askpass.AskedAsync(1);

        await ListsAreQuickAsync(agent);

        Assert.False(signing.IsCompleted);
        await _home.Askpass.OpenGateAsync();
        (await signing).Succeeded();
    }

    private static Task ListsAreQuickAsync(DropInAgent agent) => Quickness.IsReachedAsync(
        Patience, Lists, 0.99, async () =>
        {
            using AgentSocket client = AgentSocket.Connect(agent.Socket);
            await client.AskAsync([AgentSocket.SSH_AGENTC_REQUEST_IDENTITIES]);
        });
}
