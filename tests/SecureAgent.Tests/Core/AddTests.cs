using System.Text;
using SecureAgent.Core;
using SecureAgent.Wire;
using static SecureAgent.Wire.AgentMessageType;

namespace SecureAgent.Tests.Core;

/// <summary>Keys that clients add, and what their constraints do.</summary>
public sealed class AddTests : IDisposable
{
    private static readonly AddedKey A = new(1);
    private static readonly AddedKey B = new(2);
    private static readonly TestKey Host = TestKey.Ed25519();

    private readonly TestKeyStore _store = new();
    private readonly TestAgent _agent;

    public AddTests() => _agent = new TestAgent(new AgentOptions { SoftwareKeys = _store });

    public void Dispose()
    {
        _agent.Dispose();
        Assert.Equal(0, _store.Live);
    }

    [Fact]
    public async Task Added_key_is_listed_and_signs()
    {
        Assert.Equal(SSH_AGENT_SUCCESS, await _agent.TypeAsync(Requests.Add(A, "a")));
        Assert.Equal(["a"], await _agent.ListAsync());
        SignatureBlob signature = AgentResponse.DecodeSignature(await _agent.AskAsync(Requests.Sign(A.Blob, [1])));
        Assert.True(SignatureVerifier.Verify(A.PublicKey, signature.Algorithm, [1], signature.Raw.Span));
    }

    [Fact]
    public async Task Without_a_place_for_them_keys_are_refused()
    {
        using TestAgent agent = new();
        Assert.Equal(SSH_AGENT_FAILURE, await agent.TypeAsync(Requests.Add(A, "a")));
        Assert.Equal(Refusal.NotSupported, Assert.Single(agent.Log.Refusals).Refusal);
    }

    [Fact]
    public async Task Key_added_again_keeps_its_place_and_gets_the_new_comment_and_constraints()
    {
        await _agent.AskAsync(Requests.Add(A, "a", new KeyConstraint.Lifetime(5)));
        await _agent.AskAsync(Requests.Add(B, "b"));
        Assert.Equal(SSH_AGENT_SUCCESS, await _agent.TypeAsync(Requests.Add(A, "again")));
        Assert.Equal(["again", "b"], await _agent.ListAsync());
        Assert.Equal(2, _store.Live);
        _agent.Time.Advance(TimeSpan.FromHours(1));
        Assert.Equal(["again", "b"], await _agent.ListAsync());
    }

    [Fact]
    public async Task Removed_key_is_zeroed()
    {
        await _agent.AskAsync(Requests.Add(A, "a"));
        await _agent.AskAsync(Requests.Add(B, "b"));
        Assert.Equal(SSH_AGENT_SUCCESS, await _agent.TypeAsync(Requests.Remove(A.Blob)));
        Assert.Equal(1, _store.Live);
        Assert.Equal(SSH_AGENT_SUCCESS, await _agent.TypeAsync([19]));
        Assert.Equal(0, _store.Live);
        Assert.Empty(await _agent.ListAsync());
    }

    [Fact]
    public async Task Lock_shields_the_keys_and_hides_them()
    {
        await _agent.AskAsync(Requests.Add(A, "a"));
        await _agent.AskAsync(Requests.Lock("x"));
        Assert.Equal(1, _store.Shielded);
        Assert.Empty(await _agent.ListAsync());
        Assert.Equal(SSH_AGENT_FAILURE, await _agent.TypeAsync(Requests.Sign(A.Blob, [1])));
        Assert.Equal(SSH_AGENT_FAILURE, await _agent.TypeAsync(Requests.Add(B, "b")));
    }

    [Fact]
    [Trait("Promise", "lifetime")]
    public async Task Key_disappears_at_the_second_its_lifetime_ends()
    {
        await _agent.AskAsync(Requests.Add(A, "a", new KeyConstraint.Lifetime(60)));
        await _agent.AskAsync(Requests.Add(B, "b", new KeyConstraint.Lifetime(120)));
        _agent.Time.Advance(TimeSpan.FromSeconds(59.9));
        Assert.Equal(["a", "b"], await _agent.ListAsync());
        _agent.Time.Advance(TimeSpan.FromSeconds(0.2));
        Assert.Equal(1, _store.Live); // By the timer, before anybody looks.
        Assert.Equal(["b"], await _agent.ListAsync());
        Assert.Equal(SSH_AGENT_FAILURE, await _agent.TypeAsync(Requests.Sign(A.Blob, [1])));
        _agent.Time.Advance(TimeSpan.FromSeconds(60));
        Assert.Empty(await _agent.ListAsync());
        Assert.Equal(0, _agent.Time.Armed);
    }

    [Fact]
    public async Task Default_lifetime_holds_for_keys_that_bring_none()
    {
        using TestAgent agent = new(
            new AgentOptions { SoftwareKeys = _store, DefaultLifetime = TimeSpan.FromMinutes(1) });
        await agent.AskAsync(Requests.Add(A, "a"));
        await agent.AskAsync(Requests.Add(B, "b", new KeyConstraint.Lifetime(3600)));
        agent.Time.Advance(TimeSpan.FromMinutes(1.1));
        Assert.Equal(["b"], await agent.ListAsync());
    }

    [Fact]
    public async Task Key_that_expires_while_it_signs_gives_no_signature()
    {
        await _agent.AskAsync(Requests.Add(A, "a", new KeyConstraint.Lifetime(10)));
        _store.Delay = _ =>
        {
            _agent.Time.Advance(TimeSpan.FromSeconds(11));
            return Task.CompletedTask;
        };
        Assert.Equal(SSH_AGENT_FAILURE, await _agent.TypeAsync(Requests.Sign(A.Blob, [1])));
    }

    [Fact]
    public async Task Maxsign_allows_exactly_that_many_signatures_even_side_by_side()
    {
        await _agent.AskAsync(Requests.Add(A, "a", new KeyConstraint.MaxSignatures(3)));
        TaskCompletionSource all = new(TaskCreationOptions.RunContinuationsAsynchronously);
        _store.Delay = _ => all.Task;
        Task<AgentMessageType>[] asked =
            [.. Enumerable.Range(0, 8).Select(_ => _agent.TypeAsync(Requests.Sign(A.Blob, [1])))];
        all.SetResult();
        AgentMessageType[] types = await Task.WhenAll(asked);
        Assert.Equal(3, types.Count(type => type == SSH_AGENT_SIGN_RESPONSE));
        Assert.Empty(await _agent.ListAsync());
        Assert.Equal(0, _store.Live);
    }

    [Fact]
    public async Task Signature_that_was_not_made_does_not_count_for_maxsign()
    {
        await _agent.AskAsync(Requests.Add(A, "a", new KeyConstraint.MaxSignatures(1)));
        _store.Failure = () => new BackendException("Not now.");
        Assert.Equal(SSH_AGENT_FAILURE, await _agent.TypeAsync(Requests.Sign(A.Blob, [1])));
        _store.Failure = null;
        Assert.Equal(SSH_AGENT_SIGN_RESPONSE, await _agent.TypeAsync(Requests.Sign(A.Blob, [1])));
        Assert.Equal(SSH_AGENT_FAILURE, await _agent.TypeAsync(Requests.Sign(A.Blob, [1])));
    }

    [Fact]
    public async Task Constraint_that_nobody_enforces_keeps_the_key_out()
    {
        KeyConstraint[] refused =
        [
            new KeyConstraint.UnknownConstraint(200, null, default),
            new KeyConstraint.UnknownConstraint(255, "no-such@example.com", default),
            new KeyConstraint.MaxSignatures(0),
            new KeyConstraint.SkProvider("internal"),
        ];
        foreach (KeyConstraint constraint in refused)
        {
            Assert.Equal(SSH_AGENT_FAILURE, await _agent.TypeAsync(Requests.Add(A, "a", constraint)));
            Assert.Equal(Refusal.ConstraintNotEnforced, _agent.Log.Refusals[^1].Refusal);
        }

        Assert.Empty(await _agent.ListAsync());
    }

    [Fact]
    public async Task Confirmation_is_asked_for_at_each_use()
    {
        await _agent.AskAsync(Requests.Add(A, "a", KeyConstraint.Confirm.Instance));
        _agent.Prompter.Answer = true;
        Assert.Equal(SSH_AGENT_SIGN_RESPONSE, await _agent.TypeAsync(Requests.Sign(A.Blob, [1])));
        Assert.Equal(SSH_AGENT_SIGN_RESPONSE, await _agent.TypeAsync(Requests.Sign(A.Blob, [1])));
        Assert.Equal(2, _agent.Prompter.Asked);
        _agent.Prompter.Answer = false;
        Assert.Equal(SSH_AGENT_FAILURE, await _agent.TypeAsync(Requests.Sign(A.Blob, [1])));
    }

    [Fact]
    public async Task Confirmed_key_is_not_taken_where_nobody_can_be_asked()
    {
        _agent.Prompter.Nobody = "there is no display";
        Assert.Equal(SSH_AGENT_FAILURE, await _agent.TypeAsync(Requests.Add(A, "a", KeyConstraint.Confirm.Instance)));
        AgentEvent refusal = Assert.Single(_agent.Log.Refusals);
        Assert.Equal(Refusal.ConstraintNotEnforced, refusal.Refusal);
        Assert.Contains("there is no display", refusal.Message, StringComparison.Ordinal);
        Assert.Empty(await _agent.ListAsync());
    }

    [Fact]
    public async Task Added_key_that_a_backend_lists_too_stays_constrained_to_its_end()
    {
        TestKey other = TestKey.Ed25519();
        Identity inBackend = new(A.Blob, A.PublicKey, "in hardware", "test", other);
        using TestAgent agent = new(
            new AgentOptions { SoftwareKeys = _store }, new TestBackend("test", inBackend));
        await agent.AskAsync(Requests.Add(A, "added", new KeyConstraint.Lifetime(10)));
        Assert.Equal(["added"], await agent.ListAsync());
        agent.Time.Advance(TimeSpan.FromSeconds(11));
        Assert.Empty(await agent.ListAsync());
        Assert.Equal(SSH_AGENT_FAILURE, await agent.TypeAsync(Requests.Sign(A.Blob, [1])));
        Assert.Equal(0, other.Signed);
    }

    [Fact]
    public async Task Forwarded_connection_adds_only_where_that_is_allowed()
    {
        using AgentSession refused = _agent.Open();
        await TestAgent.AskAsync(refused, Host.Bind([1], forwarding: true));
        Assert.Equal(SSH_AGENT_FAILURE, await TestAgent.TypeAsync(refused, Requests.Add(A, "a")));
        Assert.Equal(Refusal.Forwarded, _agent.Log.Refusals[^1].Refusal);

        using TestAgent widened = new(
            new AgentOptions { SoftwareKeys = _store, Forwarded = ForwardedRights.Add | ForwardedRights.Remove });
        using AgentSession allowed = widened.Open();
        await TestAgent.AskAsync(allowed, Host.Bind([1], forwarding: true));
        Assert.Equal(SSH_AGENT_SUCCESS, await TestAgent.TypeAsync(allowed, Requests.Add(A, "a")));
        Assert.Equal(SSH_AGENT_FAILURE, await TestAgent.TypeAsync(allowed, Requests.Lock("x")));
        Assert.Equal(SSH_AGENT_SUCCESS, await TestAgent.TypeAsync(allowed, Requests.Remove(A.Blob)));
    }

    [Fact]
    [Trait("Promise", "truthful result")]
    public async Task Success_means_that_the_key_is_listed_and_failure_that_nothing_changed()
    {
        Random random = new(20261125);
        List<string> expected = [];
        for (int i = 0; i < 200; i++)
        {
            AddedKey key = new((byte)random.Next(1, 9));
            string comment = $"k{key.Fields[^1]}";
            byte[] request = random.Next(3) == 0 ? Requests.Remove(key.Blob)
                : random.Next(4) == 0
                    ? Requests.Add(key, comment, new KeyConstraint.UnknownConstraint(99, null, default))
                : Requests.Add(key, comment);
            bool listed = expected.Contains(comment);
            bool success = await _agent.TypeAsync(request) == SSH_AGENT_SUCCESS;
            bool isRemove = request[0] == 18;
            if (isRemove)
            {
                Assert.Equal(listed, success);
            }

            if (success && isRemove)
            {
                expected.Remove(comment);
            }
            else if (success && !listed)
            {
                expected.Add(comment);
            }

            Assert.Equal(expected, await _agent.ListAsync());
        }
    }

    [Fact]
    public async Task Damaged_add_requests_leave_nothing_behind()
    {
        byte[] good = Requests.Add(A, "a", new KeyConstraint.Lifetime(60));
        for (int length = 1; length < good.Length; length++)
        {
            // A message cut at a border of two fields is a shorter, whole one only where constraints may end.
            if (await _agent.TypeAsync(good[..length]) == SSH_AGENT_SUCCESS)
            {
                Assert.Equal(good.Length - 5, length);
                await _agent.AskAsync([19]);
            }
        }

        Assert.Equal(0, _store.Live);
        Assert.Empty(await _agent.ListAsync());
    }

    [Fact]
    public async Task Comment_reaches_the_list_as_it_was_sent()
    {
        const string Comment = "müller@host \u202e x";
        await _agent.AskAsync(Requests.Add(A, Comment));
        Assert.Equal([Comment], await _agent.ListAsync());
        Assert.Equal(Encoding.UTF8.GetByteCount(Comment), Encoding.UTF8.GetByteCount((await _agent.ListAsync())[0]));
    }
}
