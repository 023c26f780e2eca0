using System.Buffers;
using SecureAgent.Core;
using SecureAgent.Wire;
using static SecureAgent.Wire.AgentMessageType;

namespace SecureAgent.Tests.Core;

/// <summary>What a relay says of the client that it speaks for.</summary>
public sealed class ClaimedPeerTests
{
    private static readonly TestKey Key = TestKey.Ed25519();

    [Fact]
    public async Task The_first_request_may_claim_and_the_claim_stands_in_the_record()
    {
        RecordingAudit audit = new();
        using TestAgent agent = new(
            new AgentOptions { Audit = audit }, new TestBackend("test", [Key.Identity("key")]));
        using AgentSession session = agent.Open();

        Assert.Equal(SSH_AGENT_SUCCESS, await TestAgent.TypeAsync(session, Claim("wsl2")));
        await TestAgent.AskAsync(session, Requests.Remove(Key.PublicKey.Blob));

        ClaimedPeer? claimed = Assert.Single(audit.Records).Peer.Claimed;
        Assert.Equal(("wsl2", 1000u, "/usr/bin/ssh"), (claimed?.Channel, claimed?.UserId, claimed?.Processes[0].Image));
        Assert.Equal("test", audit.Records[0].Peer.Channel);
        Assert.Equal("wsl2", agent.Log.Events[^1].Peer?.Claimed?.Channel);
    }

    [Theory]
    [InlineData("list")]
    [InlineData("bind")]
    [InlineData("claim")]
    [InlineData("malformed claim")]
    [InlineData("nonsense")]
    public async Task A_claim_after_another_request_is_refused(string first)
    {
        using TestAgent agent = TestAgent.With(Key);
        using AgentSession session = agent.Open();
        await TestAgent.AskAsync(session, first switch
        {
            "list" => Requests.List,
            "bind" => TestKey.Ed25519().Bind([1], forwarding: true),
            "claim" => Claim("wsl2"),
            "malformed claim" => Claim("wsl2")[..^1],
            _ => [200],
        });

        Assert.Equal(SSH_AGENT_FAILURE, await TestAgent.TypeAsync(session, Claim("other")));

        Assert.Equal(first == "claim" ? "wsl2" : null, session.Peer.Claimed?.Channel);
    }

    [Fact]
    public async Task A_locked_agent_takes_a_claim_and_stays_locked()
    {
        using TestAgent agent = TestAgent.With(Key);
        await agent.AskAsync(Requests.Lock("a"));
        using AgentSession session = agent.Open();
        Assert.Equal(SSH_AGENT_SUCCESS, await TestAgent.TypeAsync(session, Claim("wsl2")));
        Assert.Equal(SSH_AGENT_FAILURE, await TestAgent.TypeAsync(session, Requests.Remove(Key.PublicKey.Blob)));
    }

    [Fact]
    public async Task A_claim_decides_nothing()
    {
        // The key is for another channel than the connection's.
        using TestAgent agent = new(
            new AgentOptions { PolicyOf = (_, _) => new KeyPolicy { Channels = ["wsl2"] } },
            new TestBackend("test", [Key.Identity("key")]));
        using AgentSession session = agent.Open();
        Assert.Equal(SSH_AGENT_SUCCESS, await TestAgent.TypeAsync(session, Claim("wsl2")));
        Assert.Empty(AgentResponse.DecodeIdentities(await TestAgent.AskAsync(session, Requests.List)));
        Assert.Equal(SSH_AGENT_FAILURE,
            await TestAgent.TypeAsync(session, Requests.Sign(Key.PublicKey.Blob, [1, 2, 3])));
    }

    [Fact]
    public async Task An_introduction_reaches_the_agent_before_the_client_does()
    {
        using TestAgent behind = TestAgent.With(Key);
        OtherAgent other = new(behind);
        PeerInfo peer = new("unix")
        {
            User = "1000",
            ReadProcesses = () => [.. Enumerable.Range(1, 20).Select(id => new PeerProcess(id, new string('/', 300) + "ssh"))],
        };

        Stream stream = await new PeerIntroduction(other)
            .ConnectAsync(PeerIntroduction.Describe(peer, "wsl2"), TestContext.Current.CancellationToken);
        await AgentExchange.AskAsync(stream, Requests.Remove(Key.PublicKey.Blob), TestContext.Current.CancellationToken);

        ClaimedPeer? claimed = behind.Log.Events[^1].Peer?.Claimed;
        Assert.Equal(("wsl2", 1000u, 16), (claimed?.Channel, claimed?.UserId, claimed?.Processes.Count));
        Assert.EndsWith("//ssh", claimed?.Processes[0].Image, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_agent_that_hangs_up_over_an_introduction_is_reached_without_one_from_then_on()
    {
        using TestAgent behind = TestAgent.With(Key);
        OtherAgent other = new(behind);
        HangingUp dialer = new(other);
        PeerIntroduction introduction = new(dialer);
        for (int i = 0; i < 2; i++)
        {
            Stream stream = await introduction.ConnectAsync(
                PeerIntroduction.Describe(new PeerInfo("unix"), "wsl2"), TestContext.Current.CancellationToken);
            byte[] answer = await AgentExchange.AskAsync(stream, Requests.List, TestContext.Current.CancellationToken);
            Assert.Equal((byte)SSH_AGENT_IDENTITIES_ANSWER, answer[0]);
        }

        Assert.Equal(3, dialer.Connections);
        Assert.Equal([Requests.List, Requests.List], other.Requests);
    }

    internal static byte[] Claim(string channel)
    {
        ArrayBufferWriter<byte> contents = new();
        new ClaimedPeer(channel, 1000, [new ClaimedProcess(12, "/usr/bin/ssh")]).Write(contents);
        return Requests.Extension(ClaimedPeer.ExtensionName, contents.WrittenSpan.ToArray());
    }

    /// <summary>An agent whose first connection breaks.</summary>
    private sealed class HangingUp(OtherAgent other) : IAgentDialer
    {
        public int Connections { get; private set; }

        public async ValueTask<Stream> ConnectAsync(CancellationToken ct)
        {
            Stream stream = await other.ConnectAsync(ct);
            if (++Connections == 1)
            {
                other.Restart();
            }

            return stream;
        }
    }

    private sealed class RecordingAudit : IAuditLog
    {
        public List<AuditRecord> Records { get; } = [];

        public string? Blocked => null;

        public void Write(AuditRecord record) => Records.Add(record);
    }
}
