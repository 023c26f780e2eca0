using SecureAgent.Core;
using SecureAgent.Wire;
using static SecureAgent.Wire.AgentMessageType;

namespace SecureAgent.Tests.Core;

public sealed class SignTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    public static TheoryData<string, SignatureFlags, string> Algorithms => new()
    {
        { "ecdsa256", SignatureFlags.None, "ecdsa-sha2-nistp256" },
        { "ecdsa384", SignatureFlags.None, "ecdsa-sha2-nistp384" },
        { "ecdsa521", SignatureFlags.SSH_AGENT_RSA_SHA2_256, "ecdsa-sha2-nistp521" },
        { "ed25519", SignatureFlags.SSH_AGENT_RSA_SHA2_512, "ssh-ed25519" },
        { "rsa", SignatureFlags.SSH_AGENT_RSA_SHA2_256, "rsa-sha2-256" },
        { "rsa", SignatureFlags.SSH_AGENT_RSA_SHA2_512, "rsa-sha2-512" },
        { "rsa", SignatureFlags.SSH_AGENT_RSA_SHA2_512 | SignatureFlags.SSH_AGENT_RSA_SHA2_256, "rsa-sha2-512" },
    };

    [Theory]
    [MemberData(nameof(Algorithms))]
    public async Task Every_key_type_signs_with_the_algorithm_that_was_asked_for(
        string type, SignatureFlags flags, string algorithm)
    {
        TestKey key = type switch
        {
            "ecdsa256" => TestKey.Ecdsa(EcdsaCurve.NistP256),
            "ecdsa384" => TestKey.Ecdsa(EcdsaCurve.NistP384),
            "ecdsa521" => TestKey.Ecdsa(EcdsaCurve.NistP521),
            "ed25519" => TestKey.Ed25519(),
            _ => TestKey.Rsa(),
        };
        using TestAgent agent = TestAgent.With(key);
        SignatureBlob signature = AgentResponse.DecodeSignature(
            await agent.AskAsync(Requests.Sign(key.PublicKey.Blob, [1, 2, 3], flags)));
        Assert.Equal(algorithm, signature.Algorithm.Name);
        Assert.True(SignatureVerifier.Verify(key.PublicKey, signature.Algorithm, [1, 2, 3], signature.Raw.Span));
        Assert.Equal(1, agent.Agent.Status.Signatures);
    }

    [Fact]
    public async Task Rsa_login_without_a_sha2_flag_is_refused()
    {
        TestKey key = TestKey.Rsa();
        using TestAgent agent = TestAgent.With(key);
        byte[] login = Requests.Login([1], "git", key.PublicKey);
        Assert.Equal(SSH_AGENT_FAILURE, await agent.TypeAsync(Requests.Sign(key.PublicKey.Blob, login)));
        Assert.Equal(Refusal.AlgorithmNotAllowed, Assert.Single(agent.Log.Refusals).Refusal);
        Assert.Equal(0, key.Signed);
    }

    [Fact]
    public async Task Rsa_never_signs_with_sha1_even_where_nothing_is_logged_in_to()
    {
        TestKey key = TestKey.Rsa();
        using TestAgent agent = TestAgent.With(key);
        SignatureBlob signature = AgentResponse.DecodeSignature(
            await agent.AskAsync(Requests.Sign(key.PublicKey.Blob, new byte[1024])));
        Assert.Equal(SignatureAlgorithm.RsaSha2_256, signature.Algorithm);
        Assert.True(SignatureVerifier.Verify(
            key.PublicKey, signature.Algorithm, new byte[1024], signature.Raw.Span));
    }

    [Fact]
    public async Task Unknown_key_is_refused_and_the_log_names_it()
    {
        using TestAgent agent = TestAgent.With();
        PublicKey key = TestKey.Ed25519().PublicKey;
        Assert.Equal(SSH_AGENT_FAILURE, await agent.TypeAsync(Requests.Sign(key.Blob, [1])));
        AgentEvent refusal = Assert.Single(agent.Log.Refusals);
        Assert.Equal((Refusal.UnknownKey, key.Fingerprint), (refusal.Refusal, refusal.Fingerprint));
        Assert.Equal(refusal, agent.Agent.Status.LastRefusal);
        Assert.Equal(agent.Time.GetUtcNow(), agent.Agent.Status.LastRefusalAt);
    }

    [Theory]
    [InlineData("ecdsa")]
    [InlineData("ed25519")]
    [InlineData("rsa")]
    public async Task Signature_with_one_wrong_bit_does_not_leave(string type)
    {
        TestKey key = type switch
        {
            "ecdsa" => TestKey.Ecdsa(EcdsaCurve.NistP256),
            "ed25519" => TestKey.Ed25519(),
            _ => TestKey.Rsa(),
        };
        key.Change = raw =>
        {
            raw[^1] ^= 1;
            return raw;
        };
        using TestAgent agent = TestAgent.With(key);
        Assert.Equal(SSH_AGENT_FAILURE, await agent.TypeAsync(
            Requests.Sign(key.PublicKey.Blob, [1], SignatureFlags.SSH_AGENT_RSA_SHA2_256)));
        AgentEvent refusal = Assert.Single(agent.Log.Refusals);
        Assert.Equal((Refusal.BadSignature, AgentEventLevel.Error), (refusal.Refusal, refusal.Level));
        Assert.Equal(0, agent.Agent.Status.Signatures);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(63)]
    [InlineData(65)]
    [InlineData(4096)]
    public async Task Signature_of_a_wrong_size_does_not_leave(int length)
    {
        TestKey key = TestKey.Ecdsa(EcdsaCurve.NistP256);
        key.Change = _ => new byte[length];
        using TestAgent agent = TestAgent.With(key);
        Assert.Equal(SSH_AGENT_FAILURE, await agent.TypeAsync(Requests.Sign(key.PublicKey.Blob, [1])));
        Assert.Equal(Refusal.BadSignature, Assert.Single(agent.Log.Refusals).Refusal);
    }

    [Fact]
    public async Task Wrong_size_is_refused_even_where_nothing_is_verified()
    {
        TestKey key = TestKey.Ecdsa(EcdsaCurve.NistP256);
        key.Change = _ => new byte[63];
        using TestAgent agent = new(new TestBackend("test", key.Identity("a") with { VerifyBeforeRelease = false }));
        Assert.Equal(SSH_AGENT_FAILURE, await agent.TypeAsync(Requests.Sign(key.PublicKey.Blob, [1])));
    }

    [Fact]
    public async Task Device_that_refuses_is_a_refusal_with_its_own_words()
    {
        TestKey key = TestKey.Ecdsa(EcdsaCurve.NistP256);
        key.Delay = _ => throw new BackendException(BackendFailure.LockedOut, "The TPM is locked out for 10 minutes.");
        using TestAgent agent = TestAgent.With(key);
        Assert.Equal(SSH_AGENT_FAILURE, await agent.TypeAsync(Requests.Sign(key.PublicKey.Blob, [1])));
        AgentEvent refusal = Assert.Single(agent.Log.Refusals);
        Assert.Equal((Refusal.BackendFailed, key.PublicKey.Fingerprint), (refusal.Refusal, refusal.Fingerprint));
        Assert.Contains("locked out for 10 minutes", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Fault_in_a_signer_is_one_failure_and_the_agent_goes_on()
    {
        TestKey key = TestKey.Ecdsa(EcdsaCurve.NistP256);
        key.Delay = _ => throw new InvalidTimeZoneException();
        using TestAgent agent = TestAgent.With(key);
        using AgentSession session = agent.Open();
        Assert.Equal(SSH_AGENT_FAILURE, await TestAgent.TypeAsync(session, Requests.Sign(key.PublicKey.Blob, [1])));
        AgentEvent refusal = Assert.Single(agent.Log.Refusals);
        Assert.Equal(Refusal.InternalError, refusal.Refusal);
        Assert.Contains(nameof(InvalidTimeZoneException), refusal.Message, StringComparison.Ordinal);
        Assert.Equal(SSH_AGENT_IDENTITIES_ANSWER, await TestAgent.TypeAsync(session, Requests.List));
    }

    [Fact]
    public async Task Client_that_leaves_cancels_the_signature_and_gets_no_answer()
    {
        TestKey key = TestKey.Ecdsa(EcdsaCurve.NistP256);
        key.Delay = ct => Task.Delay(Timeout.Infinite, ct);
        using TestAgent agent = TestAgent.With(key);
        using AgentSession session = agent.Open();
        using CancellationTokenSource leaving = new();
        Task signing = TestAgent.AskUntilAsync(session, Requests.Sign(key.PublicKey.Blob, [1]), leaving.Token);
        await leaving.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => signing);
        Assert.Equal(0, key.Signed);
        Assert.Empty(agent.Log.Refusals);
    }

    [Fact]
    public async Task List_is_answered_while_a_signature_waits_for_a_person()
    {
        TestKey key = TestKey.Ecdsa(EcdsaCurve.NistP256);
        TaskCompletionSource touched = new();
        key.Delay = _ => touched.Task;
        using TestAgent agent = TestAgent.With(key);
        Task<AgentMessageType> signing = agent.TypeAsync(Requests.Sign(key.PublicKey.Blob, [1]));
        Assert.Equal(["key0"], await agent.ListAsync().WaitAsync(Patience, TestContext.Current.CancellationToken));
        Assert.False(signing.IsCompleted);
        touched.SetResult();
        Assert.Equal(SSH_AGENT_SIGN_RESPONSE, await signing.WaitAsync(Patience, TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Request_in_two_pieces_of_memory_is_one_request()
    {
        TestKey key = TestKey.Ecdsa(EcdsaCurve.NistP256);
        using TestAgent agent = TestAgent.With(key);
        using AgentSession session = agent.Open();
        byte[] request = Requests.Sign(key.PublicKey.Blob, [1, 2, 3]);
        Piece last = new(request.AsMemory(7), null, 7);
        Piece first = new(request.AsMemory(0, 7), last, 0);
        System.Buffers.ArrayBufferWriter<byte> response = new();
        await session.HandleAsync(new(first, 0, last, request.Length - 7), response, CancellationToken.None);
        Assert.Equal(SSH_AGENT_SIGN_RESPONSE, AgentResponse.TypeOf(response.WrittenMemory));
    }

    private sealed class Piece : System.Buffers.ReadOnlySequenceSegment<byte>
    {
        public Piece(ReadOnlyMemory<byte> memory, Piece? next, long index) =>
            (Memory, Next, RunningIndex) = (memory, next, index);
    }
}
