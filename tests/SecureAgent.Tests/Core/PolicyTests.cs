using System.Collections.Concurrent;
using SecureAgent.Core;
using SecureAgent.Wire;
using static SecureAgent.Wire.AgentMessageType;

namespace SecureAgent.Tests.Core;

/// <summary>What the configuration says of keys, and what the audit log gets to know.</summary>
public sealed class PolicyTests
{
    private static readonly TestKey Key = TestKey.Ed25519();
    private static readonly TestKey Rsa = TestKey.Rsa();
    private static readonly TestKey Known = TestKey.Ed25519();
    private static readonly TestKey Unknown = TestKey.Ed25519();

    private static byte[] File(string name) =>
    [
        .. "SSHSIG"u8, 0, 0, 0, (byte)name.Length, .. System.Text.Encoding.ASCII.GetBytes(name),
        0, 0, 0, 0, 0, 0, 0, 6, .. "sha256"u8, 0, 0, 0, 32, .. new byte[32],
    ];

    [Fact]
    [Trait("Promise", "payload policy and namespaces")]
    public async Task Key_signs_only_for_the_purposes_of_its_policy()
    {
        using TestAgent agent = With(new KeyPolicy { Purposes = [Rule("sshsig:git")] });
        Assert.Equal(SSH_AGENT_SIGN_RESPONSE, await SignAsync(agent, File("git")));
        Assert.Equal(SSH_AGENT_FAILURE, await SignAsync(agent, File("file")));
        Assert.Equal(SSH_AGENT_FAILURE, await SignAsync(agent, [1]));
        Assert.Equal(SSH_AGENT_FAILURE, await SignAsync(agent, Requests.Login([1], "me", Key.PublicKey)));
        Assert.All(agent.Log.Refusals, refusal => Assert.Equal(Refusal.PolicyDenied, refusal.Refusal));
    }

    [Fact]
    public async Task Login_that_names_another_key_is_no_login()
    {
        using TestAgent agent = With(new KeyPolicy { Purposes = [Rule("auth")] });
        Assert.Equal(SSH_AGENT_FAILURE, await SignAsync(agent, Requests.Login([1], "me", Rsa.PublicKey)));
        Assert.Equal(SSH_AGENT_SIGN_RESPONSE, await SignAsync(agent, Requests.Login([1], "me", Key.PublicKey)));
    }

    [Fact]
    public async Task Key_with_hosts_logs_in_only_to_hosts_that_known_hosts_knows_by_that_name()
    {
        using TestAgent agent = With(new KeyPolicy { Hosts = ["git*.example"] });
        Assert.Equal(SSH_AGENT_SIGN_RESPONSE, await LogInAsync(agent, Known));
        Assert.Equal(SSH_AGENT_FAILURE, await LogInAsync(agent, Unknown));
        Assert.Equal(SSH_AGENT_FAILURE, await SignAsync(agent, Requests.Login([1], "me", Key.PublicKey)));
        Assert.Equal(SSH_AGENT_FAILURE, await SignAsync(agent, [1, 2, 3]));
        Assert.Equal(SSH_AGENT_SIGN_RESPONSE, await SignAsync(agent, File("git")));
    }

    [Fact]
    public async Task Key_with_hosts_is_listed_only_where_it_may_log_in()
    {
        using TestAgent agent = With(new KeyPolicy { Hosts = ["github.example"] });
        Assert.Single(await agent.ListAsync());
        using AgentSession known = agent.Open();
        await TestAgent.AskAsync(known, Known.Bind([1], forwarding: false));
        Assert.Single(AgentResponse.DecodeIdentities(await TestAgent.AskAsync(known, Requests.List)));
        using AgentSession unknown = agent.Open();
        await TestAgent.AskAsync(unknown, Unknown.Bind([1], forwarding: false));
        Assert.Empty(AgentResponse.DecodeIdentities(await TestAgent.AskAsync(unknown, Requests.List)));
    }

    [Fact]
    public async Task Client_cannot_pass_one_host_for_another()
    {
        using TestAgent agent = With(new KeyPolicy { Hosts = ["github.example"] });
        using AgentSession session = agent.Open();
        await TestAgent.AskAsync(session, Unknown.Bind([1], forwarding: false));
        byte[] login = Requests.Login([1], "me", Key.PublicKey, Known.PublicKey.Blob);
        Assert.Equal(
            SSH_AGENT_FAILURE, await TestAgent.TypeAsync(session, Requests.Sign(Key.PublicKey.Blob, login)));
    }

    [Fact]
    public async Task Key_of_another_channel_is_neither_listed_nor_usable()
    {
        using TestAgent agent = With(new KeyPolicy { Channels = ["unix"] });
        Assert.Empty(await agent.ListAsync());
        Assert.Equal(SSH_AGENT_FAILURE, await SignAsync(agent, File("git")));
        using AgentSession unix = agent.Agent.OpenSession(new PeerInfo("unix"));
        Assert.Single(AgentResponse.DecodeIdentities(await TestAgent.AskAsync(unix, Requests.List)));
        Assert.Equal(
            SSH_AGENT_SIGN_RESPONSE, await TestAgent.TypeAsync(unix, Requests.Sign(Key.PublicKey.Blob, File("git"))));
    }

    [Theory]
    [InlineData(ConfirmRule.Never, 0, 0)]
    [InlineData(ConfirmRule.Forwarded, 0, 1)]
    [InlineData(ConfirmRule.Always, 1, 1)]
    public async Task Policy_says_when_the_person_is_asked(ConfirmRule rule, int local, int forwarded)
    {
        using TestAgent agent = With(new KeyPolicy { Confirm = rule });
        agent.Prompter.Answer = true;
        await SignAsync(agent, File("git"));
        Assert.Equal(local, agent.Prompter.Asked);
        using AgentSession session = agent.Open();
        await TestAgent.AskAsync(session, Known.Bind([1], forwarding: true));
        await TestAgent.AskAsync(session, Requests.Sign(Key.PublicKey.Blob, File("git")));
        Assert.Equal(local + forwarded, agent.Prompter.Asked);
        Assert.Contains("github.example", agent.Prompter.LastPrompt?.Who.Purpose ?? "github.example");
    }

    [Fact]
    [Trait("Promise", "no SHA-1 by surprise")]
    public async Task Sha1_is_made_only_where_the_policy_allows_it()
    {
        byte[] login = Requests.Login([1], "me", Rsa.PublicKey);
        using TestAgent refusing = With(new KeyPolicy(), Rsa);
        Assert.Equal(SSH_AGENT_FAILURE, await refusing.TypeAsync(Requests.Sign(Rsa.PublicKey.Blob, login)));
        using TestAgent allowing = With(new KeyPolicy { AllowRsaSha1 = true }, Rsa);
        SignatureBlob signature = AgentResponse.DecodeSignature(
            await allowing.AskAsync(Requests.Sign(Rsa.PublicKey.Blob, login)));
        Assert.Equal("ssh-rsa", signature.Algorithm.Name);
    }

    [Fact]
    public async Task Prompt_and_audit_name_the_host_by_its_name()
    {
        RecordingAudit audit = new();
        using TestAgent agent = With(new KeyPolicy(), audit: audit);
        await LogInAsync(agent, Known);
        AuditRecord record = Assert.Single(audit.Records, record => record.Action == "sign");
        Assert.Equal("github.example", record.Destination);
        Assert.Equal("login as me to github.example", record.Purpose);
        Assert.Equal(Key.PublicKey.Fingerprint, record.Fingerprint);
        Assert.Equal("key", record.KeyName);
        Assert.Equal(32, record.PayloadSha256.Length);
        Assert.Null(record.Refusal);
    }

    [Fact]
    [Trait("Promise", "audit")]
    public async Task Each_use_and_each_refusal_is_audited_once()
    {
        RecordingAudit audit = new();
        using TestAgent agent = With(new KeyPolicy { Purposes = [Rule("sshsig")] }, audit: audit);
        await SignAsync(agent, File("git"));
        await SignAsync(agent, [1]);
        await agent.AskAsync(Requests.Sign(Rsa.PublicKey.Blob, [1]));
        await agent.AskAsync([1]);
        await agent.AskAsync(Requests.Lock("x"));
        await SignAsync(agent, File("git"));
        await agent.AskAsync(Requests.Unlock("x"));
        await agent.AskAsync([19]);
        Assert.Equal(
            [
                "sign", "sign PolicyDenied", "sign UnknownKey", "unknown UnknownMessage", "lock", "sign Locked",
                "unlock", "remove-all",
            ],
            audit.Records.Select(record => $"{record.Action} {record.Refusal}".TrimEnd()));
    }

    [Fact]
    public async Task Key_is_not_used_while_the_audit_log_cannot_be_written_and_must_be()
    {
        RecordingAudit audit = new() { Blocked = "the disk is full" };
        using TestAgent agent = With(new KeyPolicy(), audit: audit);
        Assert.Equal(SSH_AGENT_FAILURE, await SignAsync(agent, File("git")));
        Assert.Equal(Refusal.NotAuditable, Assert.Single(agent.Log.Refusals).Refusal);
        Assert.Single(await agent.ListAsync());
        audit.Blocked = null;
        Assert.Equal(SSH_AGENT_SIGN_RESPONSE, await SignAsync(agent, File("git")));
    }

    [Theory]
    [InlineData("auth", true)]
    [InlineData("sshsig", true)]
    [InlineData("sshsig:git", true)]
    [InlineData("ca", true)]
    [InlineData("unknown", true)]
    [InlineData("sshsig:", false)]
    [InlineData("", false)]
    [InlineData("Auth", false)]
    public void Purposes_are_written_in_one_way(string text, bool valid) =>
        Assert.Equal(valid, PurposeRule.TryParse(text, out _));

    private static PurposeRule Rule(string text)
    {
        Assert.True(PurposeRule.TryParse(text, out PurposeRule? rule));
        return rule;
    }

    private static TestAgent With(KeyPolicy policy, TestKey? key = null, RecordingAudit? audit = null) => new(
        new AgentOptions { PolicyOf = (_, _) => policy, HostNames = new OneHost(), Audit = audit },
        new TestBackend("test", (key ?? Key).Identity("key")));

    private static Task<AgentMessageType> SignAsync(TestAgent agent, byte[] data) =>
        agent.TypeAsync(Requests.Sign(Key.PublicKey.Blob, data));

    private static async Task<AgentMessageType> LogInAsync(TestAgent agent, TestKey host)
    {
        using AgentSession session = agent.Open();
        await TestAgent.AskAsync(session, host.Bind([1], forwarding: false));
        byte[] login = Requests.Login([1], "me", Key.PublicKey, host.PublicKey.Blob);
        return await TestAgent.TypeAsync(session, Requests.Sign(Key.PublicKey.Blob, login));
    }

    /// <summary>known_hosts with one line.</summary>
    private sealed class OneHost : IHostNames
    {
        public IReadOnlyList<string> NamesOf(KeyBlob hostKey) =>
            hostKey == Known.PublicKey.Blob ? ["github.example"] : [];

        public bool Matches(KeyBlob hostKey, string pattern) =>
            NamesOf(hostKey).Any(name => WildcardPattern.Matches(pattern, name));
    }

    private sealed class RecordingAudit : IAuditLog
    {
        private readonly ConcurrentQueue<AuditRecord> _records = new();

        public IReadOnlyList<AuditRecord> Records => [.. _records];

        public string? Blocked { get; set; }

        public void Write(AuditRecord record) => _records.Enqueue(record);
    }
}
