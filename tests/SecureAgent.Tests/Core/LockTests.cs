using SecureAgent.Backends.Memory;
using SecureAgent.Core;
using SecureAgent.Wire;
using static SecureAgent.Wire.AgentMessageType;

namespace SecureAgent.Tests.Core;

public sealed class LockTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private static readonly TestKey Key = TestKey.Ecdsa(EcdsaCurve.NistP256);

    private static Secret SecretOf(ReadOnlySpan<byte> text)
    {
        Secret secret = new LockedMemory().Allocate(text.Length);
        text.CopyTo(secret.Span);
        return secret;
    }

    [Fact]
    public async Task Locked_agent_lists_nothing_and_unlocked_one_lists_again()
    {
        using TestAgent agent = TestAgent.With(Key);
        Assert.Equal(SSH_AGENT_SUCCESS, await agent.TypeAsync(Requests.Lock("secret")));
        Assert.Equal((byte[])[12, 0, 0, 0, 0], await agent.AskAsync(Requests.List));
        Assert.True(agent.Agent.Status.IsLocked);
        Assert.Equal(SSH_AGENT_SUCCESS, await agent.TypeAsync(Requests.Unlock("secret")));
        Assert.Equal(["key0"], await agent.ListAsync());
    }

    [Fact]
    public async Task Who_is_no_client_locks_and_unlocks_as_a_client_does()
    {
        TestBackend backend = new("test", Key.Identity("key0"));
        using TestAgent agent = new(backend);
        using Secret right = SecretOf("secret"u8);
        using Secret wrong = SecretOf("Secret"u8);
        PeerInfo tray = new("tray");
        CancellationToken ct = TestContext.Current.CancellationToken;

        Assert.Null(await agent.Agent.LockAsync(right, tray, ct));
        Assert.Empty(await agent.ListAsync());
        Assert.Equal(1, backend.Dropped);
        Assert.NotNull(await agent.Agent.LockAsync(right, tray, ct));
        Assert.NotNull(await agent.Agent.UnlockAsync(wrong, tray, ct));
        Assert.Equal(2, agent.Log.Refusals.Count(refusal => refusal.Peer == tray));
        Assert.True(agent.Agent.Status.IsLocked);
        agent.Time.Advance(Patience);
        Assert.Equal(SSH_AGENT_SUCCESS, await agent.TypeAsync(Requests.Unlock("secret")));
        Assert.Equal(["key0"], await agent.ListAsync());
    }

    [Fact]
    public async Task Forgetting_secrets_keeps_the_keys_listed()
    {
        TestBackend backend = new("test", Key.Identity("key0"));
        using TestAgent agent = new(backend);
        agent.Agent.ForgetSecrets();
        Assert.Equal(1, backend.Dropped);
        Assert.Equal(["key0"], await agent.ListAsync());
    }

    [Fact]
    public async Task Locked_agent_refuses_to_sign()
    {
        using TestAgent agent = TestAgent.With(Key);
        byte[] sign = Requests.Sign(Key.PublicKey.Blob, [1]);
        Assert.Equal(SSH_AGENT_SIGN_RESPONSE, await agent.TypeAsync(sign));
        await agent.AskAsync(Requests.Lock("secret"));
        int before = Key.Signed;
        Assert.Equal(SSH_AGENT_FAILURE, await agent.TypeAsync(sign));
        Assert.Equal(before, Key.Signed);
        Assert.Equal(Refusal.Locked, Assert.Single(agent.Log.Refusals).Refusal);
    }

    [Fact]
    public async Task Locked_agent_refuses_everything_but_unlock_list_and_bind()
    {
        using TestAgent agent = TestAgent.With(Key);
        await agent.AskAsync(Requests.Lock("secret"));
        Assert.Equal(SSH_AGENT_FAILURE, await agent.TypeAsync(Requests.Lock("secret")));
        Assert.Equal(SSH_AGENT_FAILURE, await agent.TypeAsync(Requests.Remove(Key.PublicKey.Blob)));
        Assert.Equal(SSH_AGENT_FAILURE, await agent.TypeAsync([9]));
        Assert.Equal(SSH_AGENT_FAILURE, await agent.TypeAsync([19]));
        Assert.Equal(SSH_AGENT_FAILURE, await agent.TypeAsync(Requests.Extension("query")));
        Assert.Equal(SSH_AGENT_FAILURE, await agent.TypeAsync([200]));
        Assert.Equal(SSH_AGENT_SUCCESS, await agent.TypeAsync(Key.Bind([1], forwarding: true)));
        await agent.AskAsync(Requests.Unlock("secret"));
        Assert.Equal(["key0"], await agent.ListAsync());
    }

    [Fact]
    public async Task Connection_bound_while_locked_is_remote_once_unlocked()
    {
        using TestAgent agent = TestAgent.With(Key);
        using AgentSession session = agent.Open();
        await agent.AskAsync(Requests.Lock("secret"));
        Assert.Equal(SSH_AGENT_SUCCESS, await TestAgent.TypeAsync(session, Key.Bind([1], forwarding: true)));
        await agent.AskAsync(Requests.Unlock("secret"));
        Assert.True(session.IsForwarded);
        Assert.Equal(SSH_AGENT_FAILURE, await TestAgent.TypeAsync(session, [19]));
        Assert.Equal(Refusal.Forwarded, agent.Log.Refusals[^1].Refusal);
    }

    [Fact]
    public async Task Locking_drops_the_secrets_of_every_backend()
    {
        TestBackend first = new("first");
        TestBackend second = new("second");
        using TestAgent agent = new(first, second);
        await agent.AskAsync(Requests.Lock("secret"));
        Assert.Equal((1, 1), (first.Dropped, second.Dropped));
    }

    [Fact]
    public async Task Empty_passphrase_does_not_lock()
    {
        using TestAgent agent = TestAgent.With(Key);
        Assert.Equal(SSH_AGENT_FAILURE, await agent.TypeAsync(Requests.Lock("")));
        Assert.Equal(["key0"], await agent.ListAsync());
    }

    [Fact]
    public async Task Unlocking_an_unlocked_agent_is_refused()
    {
        using TestAgent agent = TestAgent.With(Key);
        Assert.Equal(SSH_AGENT_FAILURE, await agent.TypeAsync(Requests.Unlock("secret")));
        Assert.Equal(Refusal.WrongPassphrase, Assert.Single(agent.Log.Refusals).Refusal);
    }

    [Theory]
    [InlineData(new byte[] { 22 })]
    [InlineData(new byte[] { 22, 0, 0, 0, 5, 1 })]
    [InlineData(new byte[] { 22, 255, 255, 255, 255 })]
    public async Task Malformed_lock_is_a_refusal_and_nothing_more(byte[] request)
    {
        using TestAgent agent = TestAgent.With(Key);
        Assert.Equal(SSH_AGENT_FAILURE, await agent.TypeAsync(request));
        Assert.Equal(Refusal.Malformed, Assert.Single(agent.Log.Refusals).Refusal);
        Assert.Equal(["key0"], await agent.ListAsync());
    }

    [Fact]
    public async Task Each_failure_delays_the_next_guess_longer_up_to_ten_seconds()
    {
        using TestAgent agent = TestAgent.With(Key);
        await agent.AskAsync(Requests.Lock("secret"));
        Assert.Equal(SSH_AGENT_FAILURE, await agent.TypeAsync(Requests.Unlock("guess 1")));
        for (int failures = 1; failures <= 3; failures++)
        {
            Task<AgentMessageType> guess = agent.TypeAsync(Requests.Unlock("guess"));
            agent.Time.Advance(TimeSpan.FromMilliseconds((100 * failures) - 1));
            Assert.False(guess.IsCompleted);
            Assert.Equal(1, agent.Time.Armed);
            agent.Time.Advance(TimeSpan.FromMilliseconds(1));
            Assert.Equal(SSH_AGENT_FAILURE, await guess.WaitAsync(Patience, TestContext.Current.CancellationToken));
        }

        Task<AgentMessageType> right = agent.TypeAsync(Requests.Unlock("secret"));
        Assert.False(right.IsCompleted);
        agent.Time.Advance(TimeSpan.FromSeconds(10));
        Assert.Equal(SSH_AGENT_SUCCESS, await right.WaitAsync(Patience, TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Guesser_who_hangs_up_does_not_shorten_the_delay()
    {
        using TestAgent agent = TestAgent.With(Key);
        await agent.AskAsync(Requests.Lock("secret"));
        await agent.AskAsync(Requests.Unlock("guess"));
        using CancellationTokenSource leaving = new();
        using AgentSession session = agent.Open();
        Task gone = TestAgent.AskUntilAsync(session, Requests.Unlock("guess"), leaving.Token);
        await leaving.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => gone);
        Task<AgentMessageType> next = agent.TypeAsync(Requests.Unlock("secret"));
        Assert.False(next.IsCompleted);
        agent.Time.Advance(TimeSpan.FromMilliseconds(100));
        Assert.Equal(SSH_AGENT_SUCCESS, await next.WaitAsync(Patience, TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Delayed_guesses_keep_nobody_else_waiting()
    {
        using TestAgent agent = TestAgent.With(Key);
        await agent.AskAsync(Requests.Lock("secret"));
        await agent.AskAsync(Requests.Unlock("guess"));
        Task<AgentMessageType>[] guesses =
            [.. Enumerable.Range(0, 100).Select(_ => agent.TypeAsync(Requests.Unlock("guess")))];
        // The clock stands still, so that every guess waits: a list that waited with them would never be answered.
        Assert.Empty(await agent.ListAsync().WaitAsync(Patience, TestContext.Current.CancellationToken));
        Assert.All(guesses, guess => Assert.False(guess.IsCompleted));
    }

    [Fact]
    public async Task Signature_that_was_under_way_is_not_released_by_a_locked_agent()
    {
        TestKey key = TestKey.Ecdsa(EcdsaCurve.NistP256);
        TaskCompletionSource touched = new();
        key.Delay = _ => touched.Task;
        using TestAgent agent = TestAgent.With(key);
        Task<AgentMessageType> signing = agent.TypeAsync(Requests.Sign(key.PublicKey.Blob, [1]));
        await agent.AskAsync(Requests.Lock("secret"));
        touched.SetResult();
        Assert.Equal(SSH_AGENT_FAILURE, await signing.WaitAsync(Patience, TestContext.Current.CancellationToken));
        Assert.Equal(Refusal.Locked, Assert.Single(agent.Log.Refusals).Refusal);
    }
}
