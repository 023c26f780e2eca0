using System.Text;
using SecureAgent.Core;
using SecureAgent.Tests.Wire;
using SecureAgent.Wire;
using static SecureAgent.Wire.AgentMessageType;

namespace SecureAgent.Tests.Core;

/// <summary>The messages of <c>ssh-add -s</c> and <c>-e</c>.</summary>
public sealed class TokenTests
{
    private static readonly TestKey Key = TestKey.Ed25519();
    private static readonly TestKey Host = TestKey.Ed25519();

    [Fact]
    public async Task Keys_of_a_token_are_listed_with_the_constraints_of_the_request()
    {
        TestTokens tokens = new();
        using TestAgent agent = new(new AgentOptions { Tokens = tokens });
        Assert.Equal(SSH_AGENT_SUCCESS, await agent.TypeAsync(Add(new KeyConstraint.Lifetime(60))));
        Assert.Equal("1234", tokens.LastPin);
        Assert.Equal(["token key"], await agent.ListAsync());
        Assert.Equal(SSH_AGENT_SIGN_RESPONSE, await agent.TypeAsync(Requests.Sign(Key.PublicKey.Blob, [1])));
        agent.Time.Advance(TimeSpan.FromSeconds(61));
        Assert.Empty(await agent.ListAsync());
        Assert.Equal(SSH_AGENT_FAILURE, await agent.TypeAsync(Requests.Sign(Key.PublicKey.Blob, [1])));
    }

    [Fact]
    public async Task Every_constraint_holds_for_every_key_of_a_token()
    {
        using TestAgent agent = new(new AgentOptions { Tokens = new TestTokens(TestKey.Ed25519(), Key) });
        agent.Prompter.Answer = true;
        await agent.AskAsync(Add(KeyConstraint.Confirm.Instance, new KeyConstraint.MaxSignatures(1)));
        foreach (AgentIdentity identity in AgentResponse.DecodeIdentities(await agent.AskAsync(Requests.List)))
        {
            int asked = agent.Prompter.Asked;
            Assert.Equal(SSH_AGENT_SIGN_RESPONSE, await agent.TypeAsync(Requests.Sign(identity.Blob, [1])));
            Assert.Equal(asked + 1, agent.Prompter.Asked);
            Assert.Equal(SSH_AGENT_FAILURE, await agent.TypeAsync(Requests.Sign(identity.Blob, [1])));
        }

        Assert.Equal(2, agent.Prompter.Asked);
    }

    [Fact]
    public async Task Unknown_constraint_keeps_the_token_out_before_it_is_touched()
    {
        TestTokens tokens = new();
        using TestAgent agent = new(new AgentOptions { Tokens = tokens });
        byte[] request = Add(new KeyConstraint.UnknownConstraint(9, null, default));
        Assert.Equal(SSH_AGENT_FAILURE, await agent.TypeAsync(request));
        Assert.Null(tokens.LastPin);
    }

    [Fact]
    public async Task Removed_token_takes_its_keys_along_and_no_others()
    {
        TestKeyStore store = new();
        using TestAgent agent = new(new AgentOptions { Tokens = new TestTokens(), SoftwareKeys = store });
        await agent.AskAsync(Requests.Add(new AddedKey(1), "software"));
        await agent.AskAsync(Add());
        Assert.Equal(["software", "token key"], await agent.ListAsync());
        Assert.Equal(SSH_AGENT_SUCCESS, await agent.TypeAsync(Remove("/usr/lib/p11.so")));
        Assert.Equal(["software"], await agent.ListAsync());
        Assert.Equal(SSH_AGENT_FAILURE, await agent.TypeAsync(Remove("/usr/lib/other.so")));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    [Trait("Promise", "remote provider load refused")]
    public async Task Connection_of_an_ssh_session_may_not_name_a_library(bool forwarding)
    {
        TestTokens tokens = new();
        using TestAgent agent = new(new AgentOptions { Tokens = tokens });
        using AgentSession session = agent.Open();
        await TestAgent.AskAsync(session, Host.Bind([1], forwarding));
        Assert.Equal(SSH_AGENT_FAILURE, await TestAgent.TypeAsync(session, Add()));
        Assert.Equal(SSH_AGENT_FAILURE, await TestAgent.TypeAsync(session, Remove("/usr/lib/p11.so")));
        Assert.Null(tokens.LastPin);
        Assert.Equal(Refusal.Forwarded, agent.Log.Refusals[^1].Refusal);

        using TestAgent widened = new(
            new AgentOptions { Tokens = tokens, Forwarded = ForwardedRights.Providers });
        using AgentSession allowed = widened.Open();
        await TestAgent.AskAsync(allowed, Host.Bind([1], forwarding));
        Assert.Equal(SSH_AGENT_SUCCESS, await TestAgent.TypeAsync(allowed, Add()));
    }

    [Fact]
    public async Task Associated_certificate_is_offered_beside_its_key_or_instead_of_it()
    {
        KeyBlob certificate = new(WireVectors.Blob("ed25519-cert.pub"));
        TestTokens tokens = new() { Listed = Certificate.Decode(certificate).PublicKey };
        using TestAgent both = new(new AgentOptions { Tokens = tokens });
        await both.AskAsync(Add(new KeyConstraint.AssociatedCertificates(false, [certificate])));
        Assert.Equal(
            [certificate, tokens.Listed.Blob],
            AgentResponse.DecodeIdentities(await both.AskAsync(Requests.List)).Select(identity => identity.Blob));
        using TestAgent only = new(new AgentOptions { Tokens = tokens });
        await only.AskAsync(Add(new KeyConstraint.AssociatedCertificates(true, [certificate])));
        Assert.Equal(
            [certificate],
            AgentResponse.DecodeIdentities(await only.AskAsync(Requests.List)).Select(identity => identity.Blob));
    }

    [Fact]
    public async Task Refusal_of_the_module_is_a_failure_with_its_reason_in_the_log()
    {
        using TestAgent agent = new(new AgentOptions
        {
            Tokens = new TestTokens { Failure = new BackendException("/tmp/x.so is not allowed.") },
        });
        Assert.Equal(SSH_AGENT_FAILURE, await agent.TypeAsync(Add()));
        Assert.Contains("/tmp/x.so is not allowed.", agent.Log.Refusals[^1].Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Lock_drops_the_secrets_of_tokens()
    {
        TestTokens tokens = new();
        using TestAgent agent = new(new AgentOptions { Tokens = tokens });
        await agent.AskAsync(Requests.Lock("x"));
        Assert.Equal(1, tokens.Dropped);
    }

    private static byte[] Add(params KeyConstraint[] constraints) => Requests.Encode(new AgentRequest.AddSmartcardKey(
        "/usr/lib/p11.so", Encoding.ASCII.GetBytes("1234"), constraints, constraints.Length > 0));

    private static byte[] Remove(string id) => Requests.Encode(new AgentRequest.RemoveSmartcardKey(id, default));

    private sealed class TestTokens(params TestKey[] keys) : ITokenProviders
    {
        private readonly TestKey[] _keys = keys.Length > 0 ? keys : [Key];

        public string? LastPin { get; private set; }

        public int Dropped { get; private set; }

        public BackendException? Failure { get; init; }

        public PublicKey? Listed { get; init; }

        public ValueTask<TokenKeys> AddAsync(string provider, ReadOnlyMemory<byte> pin, CancellationToken ct)
        {
            LastPin = Encoding.ASCII.GetString(pin.Span);
            IReadOnlyList<Identity> identities = Listed is { } listed
                ? [new Identity(listed.Blob, listed, "token key", "pkcs11", Key)]
                : [.. _keys.Select(key => key.Identity("token key"))];
            return Failure is null ? new ValueTask<TokenKeys>(new TokenKeys(provider, identities)) : throw Failure;
        }

        public ValueTask<string> RemoveAsync(string provider, CancellationToken ct) =>
            provider == "/usr/lib/p11.so"
                ? new ValueTask<string>(provider)
                : throw new BackendException($"{provider} is not loaded.");

        public void DropSecrets() => Dropped++;
    }
}
