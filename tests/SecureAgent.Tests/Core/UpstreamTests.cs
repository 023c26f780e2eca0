using SecureAgent.Core;
using SecureAgent.Wire;
using static SecureAgent.Wire.AgentMessageType;

namespace SecureAgent.Tests.Core;

/// <summary>Other agents behind this one.</summary>
public sealed class UpstreamTests : IDisposable
{
    private static readonly TestKey Ours = TestKey.Ed25519();
    private static readonly TestKey Host = TestKey.Ed25519();
    private static readonly AddedKey Theirs = new(5);
    private static readonly AddedKey Second = new(6);

    private readonly OtherAgent _other = new(new TestAgent(new AgentOptions { SoftwareKeys = new TestKeyStore() }));
    private TestAgent _agent;

    public UpstreamTests() => _agent = Create();

    public void Dispose()
    {
        _agent.Dispose();
        _other.Agent.Dispose();
    }

    [Fact]
    public async Task Keys_of_another_agent_are_listed_after_ours_and_sign()
    {
        await _other.Agent.AskAsync(Requests.Add(Theirs, "theirs"));
        Assert.Equal(["ours", "theirs"], await _agent.ListAsync());
        SignatureBlob signature = AgentResponse.DecodeSignature(
            await _agent.AskAsync(Requests.Sign(Theirs.Blob, [1, 2])));
        Assert.True(SignatureVerifier.Verify(Theirs.PublicKey, signature.Algorithm, [1, 2], signature.Raw.Span));
        Assert.Equal(1, _agent.Agent.Status.Signatures);
    }

    [Fact]
    public async Task Binds_reach_the_other_agent_on_a_connection_of_the_client_and_constraints_hold_there()
    {
        DestinationHop here = new("", "", []);
        DestinationHop there = new("", "host", [new KeySpecification(Host.PublicKey.Blob, false)]);
        KeyConstraint restricted =
            new KeyConstraint.RestrictDestination([new DestinationConstraint(here, there)]);
        await _other.Agent.AskAsync(Requests.Add(Theirs, "theirs", restricted));
        byte[] bind = Host.Bind([1], forwarding: false);
        byte[] sign = Requests.Sign(
            Theirs.Blob, Requests.Login([1], "me", Theirs.PublicKey, Host.PublicKey.Blob));
        using AgentSession unbound = _agent.Open();
        using AgentSession session = _agent.Open();
        Assert.Equal(SSH_AGENT_SUCCESS, await TestAgent.TypeAsync(session, bind));
        Assert.Equal(SSH_AGENT_SIGN_RESPONSE, await TestAgent.TypeAsync(session, sign));
        Assert.Equal(SSH_AGENT_FAILURE, await TestAgent.TypeAsync(unbound, sign));
        Assert.Contains(_other.Requests, request => request.SequenceEqual(bind));
    }

    [Fact]
    public async Task Restarted_agent_is_found_again_with_the_binds_of_the_client()
    {
        await _other.Agent.AskAsync(Requests.Add(Theirs, "theirs"));
        byte[] bind = Host.Bind([1], forwarding: false);
        using AgentSession session = _agent.Open();
        await TestAgent.AskAsync(session, bind);
        Assert.Equal(2, await CountAsync(session));
        _other.Restart();
        Assert.Equal(2, await CountAsync(session));
        Assert.Equal(2, _other.Connections);
        Assert.Equal(2, _other.Requests.Count(request => request.SequenceEqual(bind)));
    }

    [Fact]
    public async Task Absent_agent_is_no_keys_and_one_line_in_the_log()
    {
        _other.IsAbsent = true;
        for (int i = 0; i < 3; i++)
        {
            Assert.Equal(["ours"], await _agent.ListAsync());
        }

        Assert.Equal(SSH_AGENT_SIGN_RESPONSE, await _agent.TypeAsync(Requests.Sign(Ours.PublicKey.Blob, [1])));
        AgentEvent line = Assert.Single(_agent.Log.Events, logged => logged.Kind == "upstream");
        Assert.Contains("there is no such socket", line.Message, StringComparison.Ordinal);
        _other.IsAbsent = false;
        await _other.Agent.AskAsync(Requests.Add(Theirs, "theirs"));
        Assert.Equal(["ours", "theirs"], await _agent.ListAsync());
        Assert.Equal(2, _agent.Log.Events.Count(logged => logged.Kind == "upstream"));
    }

    [Fact]
    public async Task Silent_agent_delays_a_list_by_its_limit_and_no_more()
    {
        _other.IsSilent = true;
        Task<string[]> list = _agent.ListAsync();
        while (_agent.Time.Armed == 0)
        {
            await Task.Delay(1, TestContext.Current.CancellationToken);
        }

        Assert.False(list.IsCompleted);
        _agent.Time.Advance(TimeSpan.FromSeconds(2.1));
        Assert.Equal(["ours"], await list);
    }

    [Theory]
    [InlineData("*", "theirs,second")]
    [InlineData("the*", "theirs")]
    [InlineData("!the*", "second")]
    [InlineData("none", "")]
    public async Task Filter_offers_some_keys_and_keeps_the_others_unusable(string filter, string offered)
    {
        await _other.Agent.AskAsync(Requests.Add(Theirs, "theirs"));
        await _other.Agent.AskAsync(Requests.Add(Second, "second"));
        _agent.Dispose();
        _agent = Create(filter: [filter]);
        string[] expected = ["ours", .. offered.Split(',', StringSplitOptions.RemoveEmptyEntries)];
        bool usable = offered.Contains("theirs", StringComparison.Ordinal);
        Assert.Equal(expected, await _agent.ListAsync());
        Assert.Equal(
            usable ? SSH_AGENT_SIGN_RESPONSE : SSH_AGENT_FAILURE,
            await _agent.TypeAsync(Requests.Sign(Theirs.Blob, [1])));
        Assert.Equal(SSH_AGENT_SUCCESS, await _agent.TypeAsync([19]));
        Assert.Equal(3 - expected.Length, (await _other.Agent.ListAsync()).Length);
    }

    [Fact]
    public async Task Filter_knows_fingerprints()
    {
        await _other.Agent.AskAsync(Requests.Add(Theirs, "theirs"));
        await _other.Agent.AskAsync(Requests.Add(Second, "second"));
        _agent.Dispose();
        _agent = Create(filter: [Second.PublicKey.Fingerprint]);
        Assert.Equal(["ours", "second"], await _agent.ListAsync());
    }

    [Fact]
    public async Task Lock_hides_the_keys_of_other_agents_too()
    {
        await _other.Agent.AskAsync(Requests.Add(Theirs, "theirs"));
        await _agent.AskAsync(Requests.Lock("x"));
        Assert.Empty(await _agent.ListAsync());
        Assert.Equal(SSH_AGENT_FAILURE, await _agent.TypeAsync(Requests.Sign(Theirs.Blob, [1])));
        await _agent.AskAsync(Requests.Unlock("x"));
        Assert.Equal(["ours", "theirs"], await _agent.ListAsync());
    }

    [Fact]
    public async Task Policy_holds_for_keys_of_other_agents()
    {
        await _other.Agent.AskAsync(Requests.Add(Theirs, "theirs"));
        _agent.Dispose();
        _agent = Create(new KeyPolicy { Confirm = ConfirmRule.Always });
        Assert.Equal(SSH_AGENT_FAILURE, await _agent.TypeAsync(Requests.Sign(Theirs.Blob, [1])));
        Assert.Equal(1, _agent.Prompter.Asked);
        _agent.Dispose();
        _agent = Create(new KeyPolicy { Channels = ["unix"] });
        Assert.Empty(await _agent.ListAsync());
        Assert.Equal(SSH_AGENT_FAILURE, await _agent.TypeAsync(Requests.Sign(Theirs.Blob, [1])));
    }

    [Fact]
    public async Task Key_that_cannot_be_held_here_goes_on_byte_for_byte_with_its_constraints()
    {
        // Our agent has no place for added keys; the other one has.
        byte[] add = Requests.Add(Theirs, "theirs", new KeyConstraint.Lifetime(60), KeyConstraint.Confirm.Instance);
        Assert.Equal(SSH_AGENT_SUCCESS, await _agent.TypeAsync(add));
        Assert.Contains(_other.Requests, request => request.SequenceEqual(add));
        Assert.Equal(["ours", "theirs"], await _agent.ListAsync());
        Assert.Equal(SSH_AGENT_FAILURE, await _agent.TypeAsync(
            Requests.Add(Theirs, "x", new KeyConstraint.UnknownConstraint(99, null, default))));
        Assert.Equal(SSH_AGENT_SUCCESS, await _agent.TypeAsync(Requests.Remove(Theirs.Blob)));
        Assert.Empty(await _other.Agent.ListAsync());
    }

    [Fact]
    public async Task Forwarded_connection_reaches_no_more_of_the_other_agent_than_of_ours()
    {
        await _other.Agent.AskAsync(Requests.Add(Theirs, "theirs"));
        using AgentSession session = _agent.Open();
        await TestAgent.AskAsync(session, Host.Bind([1], forwarding: true));
        Assert.Equal(2, await CountAsync(session));
        Assert.Equal(SSH_AGENT_FAILURE, await TestAgent.TypeAsync(session, Requests.Remove(Theirs.Blob)));
        Assert.Equal(SSH_AGENT_FAILURE, await TestAgent.TypeAsync(session, [19]));
        Assert.Equal(SSH_AGENT_FAILURE, await TestAgent.TypeAsync(session, Requests.Add(Second, "second")));
        Assert.Equal(["theirs"], await _other.Agent.ListAsync());
    }

    [Fact]
    public async Task Client_that_leaves_in_mid_answer_does_not_mix_up_the_next()
    {
        await _other.Agent.AskAsync(Requests.Add(Theirs, "theirs"));
        using AgentSession session = _agent.Open();
        Assert.Equal(2, await CountAsync(session));
        _other.IsSilent = true;
        using CancellationTokenSource leaving = new();
        Task asked = TestAgent.AskUntilAsync(session, Requests.Sign(Theirs.Blob, [1]), leaving.Token);
        await leaving.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => asked);
        _other.IsSilent = false;
        Assert.Equal(2, await CountAsync(session));
    }

    private static async Task<int> CountAsync(AgentSession session) =>
        AgentResponse.DecodeIdentities(await TestAgent.AskAsync(session, Requests.List)).Count;

    private TestAgent Create(KeyPolicy? policy = null, IReadOnlyList<string>? filter = null) => new(
        new AgentOptions
        {
            PolicyOf = (_, _) => policy ?? KeyPolicy.Default,
            Upstreams = [new Upstream("other", _other) { Filter = filter }],
        },
        new TestBackend("test", Ours.Identity("ours")));
}
