using SecureAgent.Core;
using SecureAgent.Wire;
using static SecureAgent.Wire.AgentMessageType;

namespace SecureAgent.Tests.Core;

public sealed class IdentityTableTests
{
    private static readonly TestKey A = TestKey.Ed25519();
    private static readonly TestKey B = TestKey.Ecdsa(EcdsaCurve.NistP256);
    private static readonly TestKey C = TestKey.Ecdsa(EcdsaCurve.NistP384);

    [Fact]
    public async Task Backends_are_listed_in_order_and_a_key_that_two_have_once()
    {
        using TestAgent agent = new(
            new TestBackend("x", B.Identity("b"), A.Identity("a")),
            new TestBackend("y", A.Identity("again"), C.Identity("c")));
        Assert.Equal(["b", "a", "c"], await agent.ListAsync());
        Assert.Equal(3, agent.Agent.Status.Identities);
    }

    [Fact]
    public async Task Change_of_a_backend_shows_at_once()
    {
        TestBackend backend = new("x", A.Identity("a"));
        using TestAgent agent = new(backend);
        backend.Set(A.Identity("a"), B.Identity("b"));
        Assert.Equal(["a", "b"], await agent.ListAsync());
        backend.Set();
        Assert.Empty(await agent.ListAsync());
    }

    [Fact]
    public async Task Backend_that_fails_keeps_its_last_list_and_empties_nobody_elses()
    {
        TestBackend failing = new("x", A.Identity("a"));
        TestBackend sound = new("y", B.Identity("b"));
        using TestAgent agent = new(failing, sound);
        failing.Failure = new BackendException("The TPM has gone.");
        sound.Set(B.Identity("b"), C.Identity("c"));
        Assert.Equal(["a", "b", "c"], await agent.ListAsync());
        Assert.Contains(
            agent.Log.Events, logged => logged.Message.Contains("The TPM has gone.", StringComparison.Ordinal));
    }

    [Fact]
    public void Backend_may_change_while_the_table_is_made()
    {
        using IdentityTable table = new(
            [new ChangingBackend(), new TestBackend("y", B.Identity("b"))],
            new RecordingLog(),
            (_, _) => KeyPolicy.Default,
            TimeProvider.System);
        Assert.Single(table.Current.Keys);
    }

    [Fact]
    public async Task Backend_that_fails_from_the_start_empties_nobody_elses()
    {
        TestBackend failing = new("x") { Failure = new BackendException("No TPM.") };
        using TestAgent agent = new(failing, new TestBackend("y", B.Identity("b")));
        Assert.Equal(["b"], await agent.ListAsync());
    }

    [Fact]
    public async Task Removed_key_is_gone_until_its_backend_has_stopped_listing_it()
    {
        TestBackend backend = new("x", A.Identity("a"), B.Identity("b"));
        using TestAgent agent = new(backend);
        Assert.Equal(SSH_AGENT_SUCCESS, await agent.TypeAsync(Requests.Remove(A.PublicKey.Blob)));
        Assert.Equal(["b"], await agent.ListAsync());
        Assert.Equal(SSH_AGENT_FAILURE, await agent.TypeAsync(Requests.Sign(A.PublicKey.Blob, [1])));
        Assert.Equal(SSH_AGENT_FAILURE, await agent.TypeAsync(Requests.Remove(A.PublicKey.Blob)));
        backend.Set(A.Identity("a"), B.Identity("b"), C.Identity("c"));
        Assert.Equal(["b", "c"], await agent.ListAsync());
        backend.Set(B.Identity("b"));
        backend.Set(A.Identity("a"), B.Identity("b"));
        Assert.Equal(["a", "b"], await agent.ListAsync());
    }

    [Fact]
    public async Task Key_that_two_backends_have_is_removed_from_both()
    {
        using TestAgent agent = new(new TestBackend("x", A.Identity("a")), new TestBackend("y", A.Identity("again")));
        await agent.AskAsync(Requests.Remove(A.PublicKey.Blob));
        Assert.Empty(await agent.ListAsync());
    }

    [Theory]
    [InlineData(9)]
    [InlineData(19)]
    public async Task Remove_all_hides_everything_drops_secrets_and_works_on_nothing(byte message)
    {
        TestBackend backend = new("x", A.Identity("a"), B.Identity("b"));
        using TestAgent agent = new(backend);
        Assert.Equal(SSH_AGENT_SUCCESS, await agent.TypeAsync([message]));
        Assert.Empty(await agent.ListAsync());
        Assert.Equal(1, backend.Dropped);
        Assert.Equal(SSH_AGENT_SUCCESS, await agent.TypeAsync([message]));
        backend.Set(A.Identity("a"), C.Identity("c"));
        Assert.Equal(["c"], await agent.ListAsync());
    }

    [Fact]
    public async Task List_that_would_be_larger_than_a_frame_is_cut_and_says_so()
    {
        TestKey[] keys = [.. Enumerable.Range(0, 5).Select(_ => TestKey.Ed25519())];
        string comment = new('x', 60_000);
        using TestAgent agent = new(new TestBackend("x", [.. keys.Select(key => key.Identity(comment))]));
        byte[] answer = await agent.AskAsync(Requests.List);
        Assert.True(answer.Length <= WireLimits.MaxMessageBytes);
        Assert.Equal(4, AgentResponse.DecodeIdentities(answer).Count);
        Assert.Contains(agent.Log.Events, logged => logged.Kind == "list");
        Assert.Equal(SSH_AGENT_SIGN_RESPONSE, await agent.TypeAsync(Requests.Sign(keys[4].PublicKey.Blob, [1])));
    }

    [Fact]
    public async Task List_allocates_nothing_once_warm()
    {
        using TestAgent agent = TestAgent.With(A, B, C);
        using AgentSession session = agent.Open();
        System.Buffers.ReadOnlySequence<byte> request = new(Requests.List);
        System.Buffers.ArrayBufferWriter<byte> response = new(4096);
        for (int i = 0; i < 1000; i++)
        {
            await ListOnceAsync();
        }

        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 1000; i++)
        {
            ValueTask listing = ListOnceAsync();
            Assert.True(listing.IsCompletedSuccessfully);
            await listing;
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);

        ValueTask ListOnceAsync()
        {
            response.ResetWrittenCount();
            return session.HandleAsync(request, response, CancellationToken.None);
        }
    }

    [Fact]
    public async Task Dispose_stops_watching_the_backends()
    {
        TestBackend backend = new("x", A.Identity("a"));
        TestAgent agent = new(backend);
        agent.Dispose();
        backend.Set();
        Assert.Equal(["a"], await agent.ListAsync());
    }

    /// <summary>Changes at the moment that somebody begins to watch it.</summary>
    private sealed class ChangingBackend : IKeyBackend
    {
        public event EventHandler? Changed
        {
            add => value?.Invoke(this, EventArgs.Empty);
            remove
            {
            }
        }

        public string Name => "x";

        public IReadOnlyList<Identity> Snapshot() => [];

        public void DropSecrets()
        {
        }
    }
}
