using SecureAgent.Core;
using SecureAgent.Wire;
using static SecureAgent.Wire.AgentMessageType;

namespace SecureAgent.Tests.Core;

/// <summary>Destination-constrained keys over several hops. The rules are OpenSSH's (PROTOCOL.agent section 2); its own
/// agent is asked the same in <see cref="EndToEnd"/>.</summary>
public sealed class DestinationTests : IDisposable
{
    private static readonly AddedKey Key = new(9);
    private static readonly TestKey A = TestKey.Ed25519();
    private static readonly TestKey B = TestKey.Ecdsa(EcdsaCurve.NistP256);
    private static readonly TestKey C = TestKey.Rsa();
    private static readonly DestinationHop Here = new("", "", []);

    private readonly TestAgent _agent = new(new AgentOptions { SoftwareKeys = new TestKeyStore() });

    public void Dispose() => _agent.Dispose();

    [Fact]
    public async Task Unbound_connection_lists_the_key_and_may_not_use_it()
    {
        await AddAsync(Hop(Here, To("a", A)));
        using AgentSession session = _agent.Open();
        Assert.Equal(1, await CountAsync(session));
        Assert.Equal(SSH_AGENT_FAILURE, await SignAsync(session, [1], "me", A));
        Assert.Equal(Refusal.Constrained, _agent.Log.Refusals[^1].Refusal);
    }

    [Fact]
    public async Task Key_logs_in_to_its_host_and_to_no_other()
    {
        await AddAsync(Hop(Here, To("a", A)));
        Assert.True(await MayLogInAsync("me", (A, false)));
        Assert.False(await MayLogInAsync("me", (B, false)));
    }

    [Theory]
    [InlineData("me", true)]
    [InlineData("you", false)]
    public async Task User_name_is_checked_at_the_last_hop(string user, bool allowed)
    {
        await AddAsync(Hop(Here, To("a", A) with { User = "m*" }));
        Assert.Equal(allowed, await MayLogInAsync(user, (A, false)));
    }

    [Fact]
    public async Task Second_hop_needs_a_permission_of_its_own()
    {
        await AddAsync(Hop(Here, To("a", A)), Hop(To("a", A), To("b", B)));
        Assert.True(await MayLogInAsync("me", (A, true), (B, false)));
        Assert.False(await MayLogInAsync("me", (A, true), (C, false)));
        Assert.False(await MayLogInAsync("me", (B, false)));
    }

    [Fact]
    public async Task Key_for_a_host_is_hidden_from_that_host()
    {
        await AddAsync(Hop(Here, To("a", A)));
        using AgentSession session = _agent.Open();
        await TestAgent.AskAsync(session, A.Bind([1], forwarding: true));
        Assert.Equal(0, await CountAsync(session));
    }

    [Fact]
    public async Task Key_with_a_way_on_is_shown_to_the_host_between()
    {
        await AddAsync(Hop(Here, To("a", A)), Hop(To("a", A), To("b", B)));
        using AgentSession session = _agent.Open();
        await TestAgent.AskAsync(session, A.Bind([1], forwarding: true));
        Assert.Equal(1, await CountAsync(session));
        await TestAgent.AskAsync(session, C.Bind([2], forwarding: true));
        Assert.Equal(0, await CountAsync(session));
    }

    [Fact]
    public async Task Connection_bound_for_forwarding_does_not_log_in()
    {
        await AddAsync(Hop(Here, To("a", A)));
        Assert.False(await MayLogInAsync("me", (A, true)));
    }

    [Fact]
    public async Task Session_must_be_the_one_bound_last()
    {
        await AddAsync(Hop(Here, To("a", A)), Hop(To("a", A), To("b", B)));
        using AgentSession session = _agent.Open();
        await TestAgent.AskAsync(session, A.Bind([1], forwarding: true));
        await TestAgent.AskAsync(session, B.Bind([2], forwarding: false));
        Assert.Equal(SSH_AGENT_FAILURE, await SignAsync(session, [1], "me", B));
        Assert.Equal(SSH_AGENT_SIGN_RESPONSE, await SignAsync(session, [2], "me", B));
    }

    [Fact]
    public async Task Login_behind_a_forwarding_must_name_the_bound_host_key()
    {
        await AddAsync(Hop(Here, To("a", A)), Hop(To("a", A), To("b", B)));
        using AgentSession session = _agent.Open();
        await TestAgent.AskAsync(session, A.Bind([1], forwarding: true));
        await TestAgent.AskAsync(session, B.Bind([2], forwarding: false));
        Assert.Equal(SSH_AGENT_FAILURE, await SignAsync(session, [2], "me", hostKey: null));
        Assert.Equal(SSH_AGENT_FAILURE, await SignAsync(session, [2], "me", C));
        Assert.Equal(SSH_AGENT_SIGN_RESPONSE, await SignAsync(session, [2], "me", B));
    }

    [Fact]
    public async Task First_hop_need_not_name_the_host_key()
    {
        await AddAsync(Hop(Here, To("a", A)));
        using AgentSession session = _agent.Open();
        await TestAgent.AskAsync(session, A.Bind([1], forwarding: false));
        Assert.Equal(SSH_AGENT_SIGN_RESPONSE, await SignAsync(session, [1], "me", hostKey: null));
    }

    [Fact]
    public async Task Failed_bind_hides_the_key_and_makes_it_useless()
    {
        await AddAsync(Hop(Here, To("a", A)));
        using AgentSession session = _agent.Open();
        await TestAgent.AskAsync(session, Requests.Bind(A.PublicKey.Blob, [1], B.SignBlob(
            SignatureAlgorithm.EcdsaNistp256, [1]), forwarding: false));
        Assert.Equal(0, await CountAsync(session));
        Assert.Equal(SSH_AGENT_FAILURE, await SignAsync(session, [1], "me", A));
    }

    [Fact]
    public async Task Restricted_key_signs_no_files_and_no_other_keys_logins()
    {
        await AddAsync(Hop(Here, To("a", A)));
        using AgentSession session = _agent.Open();
        await TestAgent.AskAsync(session, A.Bind([1], forwarding: false));
        byte[] file =
            [.. "SSHSIG"u8, 0, 0, 0, 1, 120, 0, 0, 0, 0, 0, 0, 0, 6, .. "sha256"u8, 0, 0, 0, 32, .. new byte[32]];
        Assert.Equal(SSH_AGENT_FAILURE, await TestAgent.TypeAsync(session, Requests.Sign(Key.Blob, file)));
        byte[] others = Requests.Login([1], "me", B.PublicKey, A.PublicKey.Blob);
        Assert.Equal(SSH_AGENT_FAILURE, await TestAgent.TypeAsync(session, Requests.Sign(Key.Blob, others)));
    }

    [Fact]
    public async Task Rsa_host_key_is_understood()
    {
        await AddAsync(Hop(Here, To("c", C)));
        Assert.True(await MayLogInAsync("me", (C, false)));
    }

    [Fact]
    public async Task Connection_may_not_replace_or_remove_a_key_it_may_not_see()
    {
        using TestAgent agent = new(new AgentOptions
        {
            SoftwareKeys = new TestKeyStore(),
            Forwarded = ForwardedRights.Add | ForwardedRights.Remove,
        });
        KeyConstraint restricted = new KeyConstraint.RestrictDestination([Hop(Here, To("a", A))]);
        await agent.AskAsync(Requests.Add(Key, "key", restricted));
        using AgentSession session = agent.Open();
        await TestAgent.AskAsync(session, B.Bind([1], forwarding: true));
        Assert.Equal(SSH_AGENT_FAILURE, await TestAgent.TypeAsync(session, Requests.Add(Key, "free")));
        Assert.Equal(SSH_AGENT_FAILURE, await TestAgent.TypeAsync(session, Requests.Remove(Key.Blob)));
        Assert.Equal(["key"], await agent.ListAsync());
    }

    private static DestinationConstraint Hop(DestinationHop near, DestinationHop far) => new(near, far);

    private static DestinationHop To(string name, TestKey key) =>
        new("", name, [new KeySpecification(key.PublicKey.Blob, false)]);

    private static async Task<int> CountAsync(AgentSession session) =>
        AgentResponse.DecodeIdentities(await TestAgent.AskAsync(session, Requests.List)).Count;

    private static Task<AgentMessageType> SignAsync(
        AgentSession session, byte[] sessionId, string user, TestKey? hostKey) => TestAgent.TypeAsync(
        session,
        Requests.Sign(Key.Blob, Requests.Login(sessionId, user, Key.PublicKey, hostKey?.PublicKey.Blob)));

    private async Task AddAsync(params DestinationConstraint[] hops) => Assert.Equal(
        SSH_AGENT_SUCCESS,
        await _agent.TypeAsync(Requests.Add(Key, "key", new KeyConstraint.RestrictDestination(hops))));

    private async Task<bool> MayLogInAsync(string user, params (TestKey Host, bool Forwarding)[] path)
    {
        using AgentSession session = _agent.Open();
        byte id = 0;
        foreach ((TestKey host, bool forwarding) in path)
        {
            await TestAgent.AskAsync(session, host.Bind([++id], forwarding));
        }

        return await SignAsync(session, [id], user, path[^1].Host) == SSH_AGENT_SIGN_RESPONSE;
    }
}
