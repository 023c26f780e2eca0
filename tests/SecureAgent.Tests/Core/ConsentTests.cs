using SecureAgent.Core;
using SecureAgent.Wire;
using static SecureAgent.Wire.AgentMessageType;

namespace SecureAgent.Tests.Core;

public sealed class ConsentTests : IDisposable
{
    private static readonly AddedKey Key = new(3);
    private static readonly TestKey Host = TestKey.Ed25519();
    private static readonly TestKey Other = TestKey.Ed25519();

    private readonly List<AgentSession> _sessions = [];
    private TestAgent _agent = Create(new AgentOptions());

    public void Dispose()
    {
        _sessions.ForEach(session => session.Dispose());
        _agent.Dispose();
    }

    [Fact]
    public async Task Requests_side_by_side_for_one_key_and_host_make_one_prompt()
    {
        await AddAsync();
        TaskCompletionSource person = new(TaskCreationOptions.RunContinuationsAsynchronously);
        _agent.Prompter.Delay = _ => person.Task;
        _agent.Prompter.Answer = true;
        List<Task<AgentMessageType>> asked = [];
        for (int i = 0; i < 50; i++)
        {
            asked.Add(SignAsync(await BoundAsync(Host, "/usr/bin/ssh", "/usr/bin/bash"), Host));
        }

        person.SetResult();
        Assert.All(await Task.WhenAll(asked), type => Assert.Equal(SSH_AGENT_SIGN_RESPONSE, type));
        Assert.Equal(1, _agent.Prompter.Asked);
    }

    [Fact]
    public async Task Another_host_or_another_process_tree_is_asked_for_by_itself()
    {
        await AddAsync();
        TaskCompletionSource person = new(TaskCreationOptions.RunContinuationsAsynchronously);
        _agent.Prompter.Delay = _ => person.Task;
        _agent.Prompter.Answer = true;
        Task<AgentMessageType>[] asked =
        [
            SignAsync(await BoundAsync(Host, "/usr/bin/ssh", "/usr/bin/bash"), Host),
            SignAsync(await BoundAsync(Other, "/usr/bin/ssh", "/usr/bin/bash"), Other),
            SignAsync(await BoundAsync(Host, "/usr/bin/ssh", "/usr/bin/emacs-gtk"), Host),
        ];
        while (_agent.Prompter.Asked < 3)
        {
            await Task.Delay(1, TestContext.Current.CancellationToken);
        }

        person.SetResult();
        await Task.WhenAll(asked);
    }

    [Fact]
    public async Task Dismissed_prompt_is_not_shown_again_at_once_to_the_same_program()
    {
        await AddAsync();
        AgentSession git = await BoundAsync(Host, "/usr/bin/git");
        AgentSession ssh = await BoundAsync(Host, "/usr/bin/ssh");
        Assert.Equal(SSH_AGENT_FAILURE, await SignAsync(git, Host));
        Assert.Equal(SSH_AGENT_FAILURE, await SignAsync(git, Host));
        Assert.Equal(1, _agent.Prompter.Asked);
        Assert.Equal(Refusal.CoolingDown, _agent.Log.Refusals[^1].Refusal);
        _agent.Prompter.Answer = true;
        Assert.Equal(SSH_AGENT_SIGN_RESPONSE, await SignAsync(ssh, Host));
        _agent.Time.Advance(TimeSpan.FromSeconds(5.1));
        Assert.Equal(SSH_AGENT_SIGN_RESPONSE, await SignAsync(git, Host));
    }

    [Fact]
    public async Task Allowance_holds_for_its_time_its_tree_and_its_host()
    {
        _agent.Dispose();
        _agent = Create(new AgentOptions { ConsentGrant = TimeSpan.FromMinutes(10) });
        await AddAsync();
        _agent.Prompter.Answer = true;
        Assert.Equal(SSH_AGENT_SIGN_RESPONSE, await SignAsync(await BoundAsync(Host, "/bin/ssh", "/bin/bash"), Host));
        Assert.Equal(SSH_AGENT_SIGN_RESPONSE, await SignAsync(await BoundAsync(Host, "/bin/ssh", "/bin/bash"), Host));
        Assert.Equal(1, _agent.Prompter.Asked);
        await SignAsync(await BoundAsync(Other, "/bin/ssh", "/bin/bash"), Other);
        await SignAsync(await BoundAsync(Host, "/bin/ssh", "/bin/fish-shell"), Host);
        Assert.Equal(3, _agent.Prompter.Asked);
        _agent.Time.Advance(TimeSpan.FromMinutes(10.1));
        await SignAsync(await BoundAsync(Host, "/bin/ssh", "/bin/bash"), Host);
        Assert.Equal(4, _agent.Prompter.Asked);
    }

    [Fact]
    public async Task Lock_ends_every_allowance()
    {
        _agent.Dispose();
        _agent = Create(new AgentOptions { ConsentGrant = TimeSpan.FromMinutes(10) });
        await AddAsync();
        _agent.Prompter.Answer = true;
        AgentSession session = await BoundAsync(Host, "/bin/ssh", "/bin/bash");
        await SignAsync(session, Host);
        await _agent.AskAsync(Requests.Lock("x"));
        await _agent.AskAsync(Requests.Unlock("x"));
        await SignAsync(session, Host);
        Assert.Equal(2, _agent.Prompter.Asked);
    }

    [Fact]
    public async Task Peer_without_a_process_gets_no_lasting_allowance()
    {
        _agent.Dispose();
        _agent = Create(new AgentOptions { ConsentGrant = TimeSpan.FromMinutes(10) });
        await AddAsync();
        _agent.Prompter.Answer = true;
        AgentSession session = await BoundAsync(Host);
        await SignAsync(session, Host);
        await SignAsync(session, Host);
        Assert.Equal(2, _agent.Prompter.Asked);
    }

    [Fact]
    public async Task Prompt_is_taken_away_when_the_last_client_that_waits_leaves()
    {
        await AddAsync();
        TaskCompletionSource<bool> takenAway = new(TaskCreationOptions.RunContinuationsAsynchronously);
        _agent.Prompter.Delay = async ct =>
        {
            try
            {
                await Task.Delay(Timeout.Infinite, ct);
            }
            finally
            {
                takenAway.SetResult(ct.IsCancellationRequested);
            }
        };
        using CancellationTokenSource first = new();
        using CancellationTokenSource second = new();
        Task one = SignUntilAsync(await BoundAsync(Host, "/bin/ssh"), first.Token);
        Task two = SignUntilAsync(await BoundAsync(Host, "/bin/ssh"), second.Token);
        while (_agent.Prompter.Asked == 0)
        {
            await Task.Delay(1, TestContext.Current.CancellationToken);
        }

        await first.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => one);
        Assert.False(takenAway.Task.IsCompleted);
        await second.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => two);
        Assert.True(await takenAway.Task.WaitAsync(TimeSpan.FromSeconds(10), TestContext.Current.CancellationToken));
        Assert.Equal(1, _agent.Prompter.Asked);
    }

    [Fact]
    public async Task Yes_after_the_agent_was_locked_gives_no_signature()
    {
        await AddAsync();
        TaskCompletionSource person = new(TaskCreationOptions.RunContinuationsAsynchronously);
        _agent.Prompter.Delay = _ => person.Task;
        _agent.Prompter.Answer = true;
        Task<AgentMessageType> asked = SignAsync(await BoundAsync(Host, "/bin/ssh"), Host);
        await _agent.AskAsync(Requests.Lock("x"));
        person.SetResult();
        Assert.Equal(SSH_AGENT_FAILURE, await asked);
        Assert.Equal(Refusal.Locked, _agent.Log.Refusals[^1].Refusal);
    }

    [Fact]
    public async Task List_is_answered_while_a_prompt_is_open()
    {
        await AddAsync();
        TaskCompletionSource person = new(TaskCreationOptions.RunContinuationsAsynchronously);
        _agent.Prompter.Delay = _ => person.Task;
        Task<AgentMessageType> asked = SignAsync(await BoundAsync(Host, "/bin/ssh"), Host);
        Assert.Equal(["key"], await _agent.ListAsync());
        person.SetResult();
        Assert.Equal(SSH_AGENT_FAILURE, await asked);
    }

    [Fact]
    public async Task Prompt_names_key_host_and_program()
    {
        await AddAsync();
        _agent.Prompter.Answer = true;
        await SignAsync(await BoundAsync(Host, "/bin/ssh", "/bin/bash"), Host);
        SignContext who = _agent.Prompter.LastPrompt!.Who;
        Assert.Equal("key", who.KeyName);
        Assert.Equal($"login as me to host key {Host.PublicKey.Fingerprint}", who.Purpose);
        Assert.Equal(["/bin/ssh", "/bin/bash"], who.Peer.Processes.Select(process => process.ImagePath));
    }

    private static TestAgent Create(AgentOptions options) => new(options with { SoftwareKeys = new TestKeyStore() });

    private static Task<AgentMessageType> SignAsync(AgentSession session, TestKey host) =>
        TestAgent.TypeAsync(session, Login(host));

    private static async Task SignUntilAsync(AgentSession session, CancellationToken ct) =>
        await TestAgent.AskUntilAsync(session, Login(Host), ct);

    private static byte[] Login(TestKey host) =>
        Requests.Sign(Key.Blob, Requests.Login([1], "me", Key.PublicKey, host.PublicKey.Blob));

    private async Task AddAsync() => Assert.Equal(
        SSH_AGENT_SUCCESS, await _agent.TypeAsync(Requests.Add(Key, "key", KeyConstraint.Confirm.Instance)));

    private async Task<AgentSession> BoundAsync(TestKey host, params string[] images)
    {
        AgentSession session = _agent.OpenAs(images);
        _sessions.Add(session);
        Assert.Equal(SSH_AGENT_SUCCESS, await TestAgent.TypeAsync(session, host.Bind([1], forwarding: false)));
        return session;
    }
}
