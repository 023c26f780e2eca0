using SecureAgent.Core;
using SecureAgent.Tests.Wire;
using SecureAgent.Wire;
using static SecureAgent.Wire.AgentMessageType;

namespace SecureAgent.Tests.Core;

/// <summary>What OpenSSH 9.2's programs and agent said to each other, with this agent in the agent's place. The
/// recorded signature stands for the device's, and is verified like one. Origin of the bytes:
/// Wire/Vectors/ORIGIN.md.</summary>
public sealed class RecordedSessionTests
{
    public static TheoryData<string> Signatures => [.. WireVectors.Names("resp-*.bin")
        .Where(name => WireVectors.Bytes(name)[0] == 14)
        .Select(name => name["resp-".Length..])];

    public static TheoryData<string> Lists => [.. WireVectors.Names("resp-*.bin")
        .Where(name => WireVectors.Bytes(name)[0] == 12)];

    public static TheoryData<string> Binds => [.. WireVectors.Names("req-login-*-0.bin"), "req-forwarded-0.bin",
        "req-forwarded-3.bin", "req-forwarded-4.bin"];

    [Theory]
    [MemberData(nameof(Signatures))]
    public async Task Sign_response_is_byte_for_byte_that_of_openssh(string name)
    {
        byte[] request = WireVectors.Bytes("req-" + name);
        byte[] response = WireVectors.Bytes("resp-" + name);
        using TestAgent agent = new(new TestBackend("recorded", Recorded(request, response)));
        Assert.Equal(response, await agent.AskAsync(request));
    }

    [Theory]
    [MemberData(nameof(Lists))]
    public async Task List_is_byte_for_byte_that_of_openssh(string name)
    {
        byte[] response = WireVectors.Bytes(name);
        Identity[] identities = [.. AgentResponse.DecodeIdentities(response).Select(identity => new Identity(
            identity.Blob,
            PublicKey.DecodeKeyOrCertificate(identity.Blob),
            identity.Comment,
            "recorded",
            new RecordedSigner([])))];
        using TestAgent agent = new(new TestBackend("recorded", identities));
        Assert.Equal(response, await agent.AskAsync(Requests.List));
    }

    [Theory]
    [MemberData(nameof(Binds))]
    public async Task Bind_of_a_real_session_is_accepted_and_with_any_wrong_bit_it_is_not(string name)
    {
        byte[] request = WireVectors.Bytes(name);
        using TestAgent agent = new();
        Assert.Equal(SSH_AGENT_SUCCESS, await agent.TypeAsync(request));
        int contents = 1 + 4 + SessionBind.ExtensionName.Length;
        for (int i = contents; i < request.Length - 1; i += 5)
        {
            byte[] changed = [.. request];
            changed[i] ^= 1;
            Assert.Equal(SSH_AGENT_EXTENSION_FAILURE, await agent.TypeAsync(changed));
        }
    }

    [Fact]
    public async Task Login_over_two_hops_is_understood()
    {
        byte[] request = WireVectors.Bytes("req-forwarded-6.bin");
        Identity identity = Recorded(request, WireVectors.Bytes("resp-forwarded-6.bin"));
        using TestAgent agent = new(new TestBackend("recorded", identity));
        using AgentSession session = agent.Open();
        Assert.Equal(SSH_AGENT_SUCCESS, await TestAgent.TypeAsync(session, WireVectors.Bytes("req-forwarded-3.bin")));
        Assert.True(session.IsForwarded);
        Assert.Equal(SSH_AGENT_SUCCESS, await TestAgent.TypeAsync(session, WireVectors.Bytes("req-forwarded-4.bin")));
        Assert.Equal(SSH_AGENT_SIGN_RESPONSE, await TestAgent.TypeAsync(session, request));
        SessionBind first = SessionBind.Decode(
            WireVectors.Request<AgentRequest.Extension>("req-forwarded-3.bin").Contents);
        SessionBind second = SessionBind.Decode(
            WireVectors.Request<AgentRequest.Extension>("req-forwarded-4.bin").Contents);
        Assert.Equal(
            $"login as root to host key {PublicKey.FingerprintOf(second.HostKey)}, "
            + $"asked through a forwarded connection from host key {PublicKey.FingerprintOf(first.HostKey)}",
            ((RecordedSigner)identity.Signer).Purpose);
        Assert.Equal(0, agent.Prompter.Asked);
    }

    private static Identity Recorded(byte[] request, byte[] response)
    {
        KeyBlob key = Assert.IsType<AgentRequest.SignRequest>(AgentRequest.Decode(request)).Key;
        return new Identity(key, PublicKey.DecodeKeyOrCertificate(key), "recorded", "recorded",
            new RecordedSigner(AgentResponse.DecodeSignature(response).Raw.ToArray()));
    }

    private sealed class RecordedSigner(byte[] raw) : ISigner
    {
        public string? Purpose { get; private set; }

        public ValueTask<byte[]> SignAsync(
            SignatureAlgorithm algorithm, ReadOnlyMemory<byte> data, SignContext who, CancellationToken ct)
        {
            Purpose = who.Purpose;
            return new ValueTask<byte[]>(raw);
        }
    }
}
