using SecureAgent.Core;
using SecureAgent.Wire;
using static SecureAgent.Wire.AgentMessageType;

namespace SecureAgent.Tests.Core;

public sealed class SessionBindTests
{
    private static readonly TestKey Host = TestKey.Ed25519();
    private static readonly TestKey OtherHost = TestKey.Ecdsa(EcdsaCurve.NistP256);
    private static readonly TestKey User = TestKey.Ecdsa(EcdsaCurve.NistP256);

    public static TheoryData<string> HostKeyTypes => ["ed25519", "ecdsa256", "ecdsa384", "ecdsa521", "rsa"];

    [Theory]
    [MemberData(nameof(HostKeyTypes))]
    public async Task Host_key_of_every_type_binds_and_one_wrong_bit_does_not(string type)
    {
        TestKey host = type switch
        {
            "ed25519" => TestKey.Ed25519(),
            "ecdsa256" => TestKey.Ecdsa(EcdsaCurve.NistP256),
            "ecdsa384" => TestKey.Ecdsa(EcdsaCurve.NistP384),
            "ecdsa521" => TestKey.Ecdsa(EcdsaCurve.NistP521),
            _ => TestKey.Rsa(),
        };
        using TestAgent agent = TestAgent.With(User);
        Assert.Equal(SSH_AGENT_SUCCESS, await agent.TypeAsync(host.Bind([1, 2, 3], forwarding: false)));
        byte[] signature = host.SignBlob(
            SignatureAlgorithm.For(host.PublicKey, SignatureFlags.SSH_AGENT_RSA_SHA2_256), [1, 2, 3]);
        Assert.Equal(SSH_AGENT_EXTENSION_FAILURE,
            await agent.TypeAsync(Requests.Bind(host.PublicKey.Blob, [1, 2, 2], signature, forwarding: false)));
        Assert.Equal(Refusal.BadBinding, Assert.Single(agent.Log.Refusals).Refusal);
    }

    [Fact]
    public async Task Sha1_signature_of_a_host_does_not_bind()
    {
        TestKey host = TestKey.Rsa();
        using TestAgent agent = TestAgent.With(User);
        Assert.Equal(SSH_AGENT_EXTENSION_FAILURE,
            await agent.TypeAsync(host.Bind([1], forwarding: false, SignatureAlgorithm.SshRsa)));
    }

    [Fact]
    public async Task Nothing_binds_after_a_binding_for_a_login_not_even_the_same()
    {
        using TestAgent agent = TestAgent.With(User);
        using AgentSession session = agent.Open();
        Assert.Equal(SSH_AGENT_SUCCESS, await TestAgent.TypeAsync(session, Host.Bind([1], forwarding: false)));
        Assert.Equal(SSH_AGENT_EXTENSION_FAILURE,
            await TestAgent.TypeAsync(session, Host.Bind([1], forwarding: false)));
        Assert.Equal(SSH_AGENT_EXTENSION_FAILURE,
            await TestAgent.TypeAsync(session, Host.Bind([2], forwarding: true)));
    }

    [Fact]
    public async Task Known_session_binds_again_to_the_same_host_only()
    {
        using TestAgent agent = TestAgent.With(User);
        using AgentSession session = agent.Open();
        Assert.Equal(SSH_AGENT_SUCCESS, await TestAgent.TypeAsync(session, Host.Bind([1], forwarding: true)));
        Assert.Equal(SSH_AGENT_SUCCESS, await TestAgent.TypeAsync(session, Host.Bind([1], forwarding: true)));
        Assert.Equal(SSH_AGENT_EXTENSION_FAILURE,
            await TestAgent.TypeAsync(session, OtherHost.Bind([1], forwarding: true)));
        Assert.Equal(SSH_AGENT_SUCCESS, await TestAgent.TypeAsync(session, Host.Bind([2], forwarding: true)));
    }

    [Fact]
    public async Task Sixteen_sessions_bind_and_no_more_but_a_repeat_takes_no_place()
    {
        using TestAgent agent = TestAgent.With(User);
        using AgentSession session = agent.Open();
        for (byte id = 0; id < 16; id++)
        {
            Assert.Equal(SSH_AGENT_SUCCESS, await TestAgent.TypeAsync(session, Host.Bind([id], forwarding: true)));
            Assert.Equal(SSH_AGENT_SUCCESS, await TestAgent.TypeAsync(session, Host.Bind([0], forwarding: true)));
        }

        Assert.Equal(SSH_AGENT_EXTENSION_FAILURE,
            await TestAgent.TypeAsync(session, Host.Bind([16], forwarding: true)));
    }

    [Theory]
    [InlineData(128, SSH_AGENT_SUCCESS)]
    [InlineData(129, SSH_AGENT_EXTENSION_FAILURE)]
    public async Task Session_id_has_at_most_128_bytes(int length, AgentMessageType expected)
    {
        using TestAgent agent = TestAgent.With(User);
        Assert.Equal(expected, await agent.TypeAsync(Host.Bind(new byte[length], forwarding: true)));
    }

    [Fact]
    public async Task Connection_bound_for_a_login_may_do_what_it_could_before()
    {
        using TestAgent agent = TestAgent.With(User);
        using AgentSession session = agent.Open();
        Assert.Equal(SSH_AGENT_SUCCESS, await TestAgent.TypeAsync(session, Host.Bind([1], forwarding: false)));
        Assert.False(session.IsForwarded);
        Assert.Equal(SSH_AGENT_EXTENSION_RESPONSE, await TestAgent.TypeAsync(session, Requests.Extension("query")));
        Assert.Equal(SSH_AGENT_SUCCESS, await TestAgent.TypeAsync(session, Requests.Remove(User.PublicKey.Blob)));
        Assert.Equal(SSH_AGENT_SUCCESS, await TestAgent.TypeAsync(session, Requests.Lock("a")));
    }

    [Fact]
    public async Task Forwarded_connection_may_list_and_sign_and_nothing_else()
    {
        using TestAgent agent = TestAgent.With(User);
        using AgentSession session = agent.Open();
        await TestAgent.AskAsync(session, Host.Bind([1], forwarding: true));
        Assert.True(session.IsForwarded);
        byte[] login = Requests.Login([1], "git", User.PublicKey);
        Assert.Equal(SSH_AGENT_IDENTITIES_ANSWER, await TestAgent.TypeAsync(session, Requests.List));
        Assert.Equal(SSH_AGENT_SIGN_RESPONSE,
            await TestAgent.TypeAsync(session, Requests.Sign(User.PublicKey.Blob, login)));
        byte[][] refused =
        [
            Requests.Remove(User.PublicKey.Blob), [9], [19], Requests.Lock("a"), Requests.Unlock("a"),
            Requests.Extension("query"), Requests.Extension("other@example.org"), [200],
        ];
        foreach (byte[] request in refused)
        {
            Assert.Equal(SSH_AGENT_FAILURE, await TestAgent.TypeAsync(session, request));
            Assert.Equal(Refusal.Forwarded, agent.Log.Refusals[^1].Refusal);
        }

        Assert.Equal(refused.Length, agent.Log.Refusals.Count);
        Assert.False(agent.Agent.Status.IsLocked);
        Assert.Equal(["key0"], await agent.ListAsync());
    }

    [Fact]
    public async Task Failed_bind_leaves_the_connection_forwarded()
    {
        using TestAgent agent = TestAgent.With(User);
        using AgentSession session = agent.Open();
        Assert.Equal(SSH_AGENT_EXTENSION_FAILURE,
            await TestAgent.TypeAsync(session, Requests.Extension(SessionBind.ExtensionName, 1, 2, 3)));
        Assert.True(session.IsForwarded);
        Assert.Equal(SSH_AGENT_FAILURE, await TestAgent.TypeAsync(session, Requests.Lock("a")));
    }

    [Fact]
    public async Task Unknown_data_on_a_forwarded_connection_needs_a_yes()
    {
        using TestAgent agent = TestAgent.With(User);
        using AgentSession session = agent.Open();
        byte[] sign = Requests.Sign(User.PublicKey.Blob, [1, 2, 3]);
        Assert.Equal(SSH_AGENT_SIGN_RESPONSE, await TestAgent.TypeAsync(session, sign));
        Assert.Equal(0, agent.Prompter.Asked);
        await TestAgent.AskAsync(session, Host.Bind([1], forwarding: true));
        Assert.Equal(SSH_AGENT_FAILURE, await TestAgent.TypeAsync(session, sign));
        Assert.Equal(Refusal.NotConfirmed, agent.Log.Refusals[^1].Refusal);
        agent.Prompter.Answer = true;
        agent.Time.Advance(TimeSpan.FromSeconds(6)); // Asked again at once it would be refused without a prompt.
        Assert.Equal(SSH_AGENT_SIGN_RESPONSE, await TestAgent.TypeAsync(session, sign));
        Assert.Equal(2, agent.Prompter.Asked);
    }

    [Fact]
    public async Task Purpose_names_the_user_and_the_host_that_the_session_is_bound_to()
    {
        TestKey key = TestKey.Ecdsa(EcdsaCurve.NistP256);
        using TestAgent agent = TestAgent.With(key);
        using AgentSession session = agent.Open();
        await TestAgent.AskAsync(session, Host.Bind([1], forwarding: false));
        byte[] login = Requests.Login([1], "git", key.PublicKey);
        await TestAgent.AskAsync(session, Requests.Sign(key.PublicKey.Blob, login));
        Assert.Equal($"login as git to host key {Host.PublicKey.Fingerprint}", key.LastContext?.Purpose);
        Assert.Equal("key0", key.LastContext?.KeyName);
    }

    /// <summary>Once remote always remote, once forwarded always forwarded, whatever follows.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task Remote_and_forwarded_are_never_taken_back(int seed)
    {
        Random random = new(seed);
        using TestAgent agent = TestAgent.With(User);
        bool locked = false;
        for (int connection = 0; connection < 40; connection++)
        {
            using AgentSession session = agent.Open();
            for (int step = 0; step < 12; step++)
            {
                bool wasForwarded = session.IsForwarded;
                byte[] request = random.Next(8) switch
                {
                    0 => Host.Bind([(byte)random.Next(3)], forwarding: true),
                    1 => Host.Bind([(byte)random.Next(3)], forwarding: false),
                    2 => Requests.Bind(Host.PublicKey.Blob, [1], [0], forwarding: false),
                    3 => Requests.Extension(SessionBind.ExtensionName, (byte)random.Next(256)),
                    4 => Requests.Sign(User.PublicKey.Blob, Requests.Login([1], "a", User.PublicKey)),
                    5 when random.Next(10) == 0 => locked ? Requests.Unlock("a") : Requests.Lock("a"),
                    6 => [19],
                    _ => Requests.List,
                };
                await TestAgent.AskAsync(session, request);
                locked = agent.Agent.Status.IsLocked;
                Assert.True(session.IsForwarded || !wasForwarded);
            }
        }
    }
}
