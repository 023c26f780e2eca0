using System.Buffers;
using SecureAgent.Core;
using SecureAgent.Wire;
using static SecureAgent.Wire.AgentMessageType;

namespace SecureAgent.Tests.Core;

public sealed class PassThroughAgentTests : IDisposable
{
    private static readonly TestKey Key = TestKey.Ed25519();
    private static readonly TestKey Host = TestKey.Ed25519();

    private readonly TestAgent _behind = TestAgent.With(Key);
    private readonly RecordingLog _log = new();
    private readonly OtherAgent _other;
    private readonly PassThroughAgent _agent;

    public PassThroughAgentTests()
    {
        _other = new OtherAgent(_behind);
        _agent = new PassThroughAgent("other", _ => _other, _log, TimeProvider.System);
    }

    public void Dispose() => _behind.Dispose();

    [Fact]
    public async Task Requests_and_answers_pass_byte_for_byte_whatever_they_are()
    {
        using IAgentSession session = Open();
        Assert.Equal(0, _other.Connections);
        byte[][] requests =
        [
            Requests.List, [200, 1, 2, 3], Requests.Extension("nonsense@example.org", 1, 2),
            [(byte)SSH_AGENTC_EXTENSION, 0xff], ClaimedPeerTests.Claim("wsl2"), Host.Bind([1], forwarding: true),
            Requests.Sign(Key.PublicKey.Blob, [1, 2, 3]), Requests.Remove(Key.PublicKey.Blob),
        ];
        using AgentSession direct = _behind.Open();
        foreach (byte[] request in requests)
        {
            byte[] expected = await TestAgent.AskAsync(direct, request);
            Assert.Equal(expected, await AskAsync(session, request));
        }

        Assert.Equal(requests, _other.Requests);
        Assert.Equal(1, _other.Connections);
    }

    [Fact]
    public async Task Each_client_has_its_own_connection_and_binds()
    {
        using IAgentSession forwarded = Open();
        using IAgentSession local = Open();
        await AskAsync(forwarded, Host.Bind([1], forwarding: true));
        Assert.Equal(SSH_AGENT_FAILURE, await TypeAsync(forwarded, Requests.Lock("a")));
        Assert.Equal(SSH_AGENT_SUCCESS, await TypeAsync(local, Requests.Lock("a")));
        Assert.Equal(2, _other.Connections);
    }

    [Fact]
    public async Task A_connection_that_was_lost_is_made_again_with_its_binds()
    {
        using IAgentSession session = Open();
        byte[] bind = Host.Bind([1], forwarding: true);
        await AskAsync(session, bind);
        _other.Restart();
        Assert.Equal(SSH_AGENT_FAILURE, await TypeAsync(session, Requests.Lock("a")));
        Assert.Equal([bind, bind, Requests.Lock("a")], _other.Requests);
    }

    [Fact]
    public async Task While_the_other_is_absent_requests_fail_with_one_line_in_the_log()
    {
        _other.IsAbsent = true;
        using IAgentSession session = Open();
        for (int i = 0; i < 3; i++)
        {
            Assert.Equal(SSH_AGENT_FAILURE, await TypeAsync(session, Requests.List));
        }

        Assert.Contains("there is no such socket", Assert.Single(_log.Events).Message, StringComparison.Ordinal);
        _other.IsAbsent = false;
        Assert.Equal(SSH_AGENT_IDENTITIES_ANSWER, await TypeAsync(session, Requests.List));
    }

    private static async Task<byte[]> AskAsync(IAgentSession session, byte[] request)
    {
        ArrayBufferWriter<byte> response = new();
        await session.HandleAsync(
            new ReadOnlySequence<byte>(request), response, TestContext.Current.CancellationToken);
        return response.WrittenSpan.ToArray();
    }

    private static async Task<AgentMessageType> TypeAsync(IAgentSession session, byte[] request) =>
        AgentResponse.TypeOf(await AskAsync(session, request));

    private IAgentSession Open() => _agent.OpenSession(new PeerInfo("test"));
}
