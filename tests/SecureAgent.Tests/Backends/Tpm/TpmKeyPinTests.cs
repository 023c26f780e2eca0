using SecureAgent.Backends.Tpm;
using SecureAgent.Core;

namespace SecureAgent.Tests.Backends.Tpm;

/// <summary>What PINs cost: the TPM's own counter of wrong authorisations is read back in each test.</summary>
public sealed class TpmKeyPinTests
{
    [Theory]
    [MemberData(nameof(TestTpm.Kinds), MemberType = typeof(TestTpm))]
    public async Task The_question_names_key_device_peer_and_tries_left(string kind)
    {
        await using TpmKeyBench bench = await NewAsync(kind);
        bench.Person.Answer = _ => "1234";
        await using TpmKeyBackend backend = bench.Backend();
        await TpmKeyBench.SignAsync(backend, "git");
        PinPrompt question = Assert.Single(bench.Person.Questions);
        Assert.Equal("git", question.KeyName);
        Assert.Equal("TPM", question.Device);
        Assert.Equal("test", question.Who!.Peer.Channel);
        Assert.Equal((await bench.StateAsync()).MaxAuthFail, question.TriesLeft);
        Assert.False(question.PreviousWasWrong);
        Assert.Equal(0, (await bench.StateAsync()).LockoutCounter);
    }

    [Theory]
    [MemberData(nameof(TestTpm.Kinds), MemberType = typeof(TestTpm))]
    public async Task Parallel_signatures_ask_once(string kind)
    {
        await using TpmKeyBench bench = await NewAsync(kind);
        TaskCompletionSource thinking = new(TaskCreationOptions.RunContinuationsAsynchronously);
        bench.Person.Thinking = thinking.Task;
        bench.Person.Answer = _ => "1234";
        await using TpmKeyBackend backend = bench.Backend();
        Task[] signatures = [.. Enumerable.Range(0, 50).Select(_ => TpmKeyBench.SignAsync(backend, "git"))];
        thinking.SetResult();
        await Task.WhenAll(signatures);
        Assert.Single(bench.Person.Questions);
        Assert.Equal(0, (await bench.StateAsync()).LockoutCounter);
    }

    [Theory]
    [MemberData(nameof(TestTpm.Kinds), MemberType = typeof(TestTpm))]
    public async Task One_wrong_PIN_for_many_requests_costs_one_failure(string kind)
    {
        await using TpmKeyBench bench = await NewAsync(kind);
        TaskCompletionSource thinking = new(TaskCreationOptions.RunContinuationsAsynchronously);
        bench.Person.Thinking = thinking.Task;
        // Wrong once, then the person gives up.
        bench.Person.Answer = number => number == 1 ? "wrong" : null;
        await using TpmKeyBackend backend = bench.Backend();
        Task<BackendException>[] refusals =
            [.. Enumerable.Range(0, 50).Select(_ => TpmKeyBench.RefusedAsync(backend, "git"))];
        thinking.SetResult();
        foreach (BackendException refused in await Task.WhenAll(refusals))
        {
            Assert.Equal(BackendFailure.PinRequired, refused.Failure);
        }

        Assert.Equal(1, (await bench.StateAsync()).LockoutCounter);
        Assert.True(bench.Person.Questions[1].PreviousWasWrong);
        Assert.Equal(bench.Person.Questions[0].TriesLeft - 1, bench.Person.Questions[1].TriesLeft);
    }

    [Theory]
    [MemberData(nameof(TestTpm.Kinds), MemberType = typeof(TestTpm))]
    public async Task All_who_wait_get_their_signature_once_the_PIN_is_right(string kind)
    {
        await using TpmKeyBench bench = await NewAsync(kind);
        bench.Person.Answer = number => number == 1 ? "wrong" : "1234";
        await using TpmKeyBackend backend = bench.Backend();
        await Task.WhenAll(Enumerable.Range(0, 30).Select(_ => TpmKeyBench.SignAsync(backend, "git")));
        Assert.Equal(2, bench.Person.Questions.Count);
        Assert.InRange((await bench.StateAsync()).LockoutCounter, 0, 1);
    }

    [Theory]
    [MemberData(nameof(TestTpm.Kinds), MemberType = typeof(TestTpm))]
    public async Task With_one_try_left_the_PIN_is_asked_for_only_after_a_yes(string kind)
    {
        await using TpmKeyBench bench = await NewAsync(kind);
        bench.Person.Answer = _ => "wrong";
        await using TpmKeyBackend backend = bench.Backend();
        BackendException refused = await TpmKeyBench.RefusedAsync(backend, "git");
        Assert.Equal(BackendFailure.PinRequired, refused.Failure);
        TpmDictionaryAttackState state = await bench.StateAsync();
        Assert.Equal(1, state.TriesLeft);
        Assert.Equal(state.MaxAuthFail - 1, bench.Person.Questions.Count);
        Assert.Single(bench.Person.Confirmations);

        bench.Person.Confirms = true;
        bench.Person.Answer = _ => "1234";
        await TpmKeyBench.SignAsync(backend, "git");
        Assert.Equal(1, bench.Person.Questions[^1].TriesLeft);
    }

    [Theory]
    [MemberData(nameof(TestTpm.Kinds), MemberType = typeof(TestTpm))]
    public async Task In_lockout_nobody_is_asked_nothing_is_tried_and_keys_without_PIN_sign(string kind)
    {
        await using TpmKeyBench bench = await NewAsync(kind);
        await bench.NewAsync("free", "ecdsa-256");
        bench.Person.Confirms = true;
        bench.Person.Answer = _ => "wrong";
        await using TpmKeyBackend backend = bench.Backend();
        await TpmKeyBench.RefusedAsync(backend, "git");
        Assert.True((await bench.StateAsync()).InLockout);
        int asked = bench.Person.Questions.Count;
        bench.Person.Answer = _ => "1234";
        bench.Bus.Forget();
        BackendException locked = await TpmKeyBench.RefusedAsync(backend, "git");
        Assert.Equal(BackendFailure.LockedOut, locked.Failure);
        Assert.Contains("minutes", locked.Message, StringComparison.Ordinal);
        Assert.Equal(asked, bench.Person.Questions.Count);
        Assert.DoesNotContain("Sign", bench.Bus.Commands);
        await TpmKeyBench.SignAsync(backend, "free");

        await bench.ResetLockoutAsync();
        await TpmKeyBench.SignAsync(backend, "git");
        Assert.Equal(asked + 1, bench.Person.Questions.Count);
    }

    [Theory]
    [MemberData(nameof(TestTpm.Kinds), MemberType = typeof(TestTpm))]
    public async Task A_kept_PIN_that_became_wrong_is_sent_once_for_all(string kind)
    {
        await using TpmKeyBench bench = await NewAsync(kind);
        bench.Person.Answer = number => number == 1 ? "1234" : null;
        await using TpmKeyBackend backend = bench.Backend();
        await TpmKeyBench.SignAsync(backend, "git");
        await TpmKeyBench.SignAsync(backend, "git");
        bench.Bus.Before = command => RecordingBus.Code(command) == TPM_CC.Sign ? RecordingBus.Refusal(0x98E) : null;
        bench.Bus.Forget();
        await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => TpmKeyBench.RefusedAsync(backend, "git")));
        Assert.Single(bench.Bus.Commands, command => command == "Sign");
    }

    [Theory]
    [MemberData(nameof(TestTpm.Kinds), MemberType = typeof(TestTpm))]
    public async Task Locking_the_agent_forgets_the_PIN(string kind)
    {
        await using TpmKeyBench bench = await NewAsync(kind);
        bench.Person.Answer = _ => "1234";
        await using TpmKeyBackend backend = bench.Backend();
        await TpmKeyBench.SignAsync(backend, "git");
        backend.DropSecrets();
        await TpmKeyBench.SignAsync(backend, "git");
        Assert.Equal(2, bench.Person.Questions.Count);
    }

    [Theory]
    [MemberData(nameof(TestTpm.Kinds), MemberType = typeof(TestTpm))]
    public async Task A_person_who_thinks_holds_up_no_other_key(string kind)
    {
        await using TpmKeyBench bench = await NewAsync(kind);
        await bench.NewAsync("free", "ecdsa-256");
        TaskCompletionSource thinking = new(TaskCreationOptions.RunContinuationsAsynchronously);
        bench.Person.Thinking = thinking.Task;
        bench.Person.Answer = _ => "1234";
        await using TpmKeyBackend backend = bench.Backend();
        Task waiting = TpmKeyBench.SignAsync(backend, "git");
        await TpmKeyBench.SignAsync(backend, "free");
        Assert.Equal(2, backend.Snapshot().Count);
        Assert.False(waiting.IsCompleted);
        thinking.SetResult();
        await waiting;
    }

    [Theory]
    [MemberData(nameof(TestTpm.Kinds), MemberType = typeof(TestTpm))]
    public async Task A_client_that_leaves_spends_no_PIN_and_ends_no_other_wait(string kind)
    {
        await using TpmKeyBench bench = await NewAsync(kind);
        TaskCompletionSource thinking = new(TaskCreationOptions.RunContinuationsAsynchronously);
        bench.Person.Thinking = thinking.Task;
        bench.Person.Answer = _ => "1234";
        await using TpmKeyBackend backend = bench.Backend();
        using CancellationTokenSource leaving = new();
        Task first = TpmKeyBench.SignForAsync(backend, "git", default, leaving.Token);
        Task second = TpmKeyBench.SignAsync(backend, "git");
        await leaving.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first);
        thinking.SetResult();
        await second;
        Assert.Single(bench.Person.Questions);
    }

    [Theory]
    [MemberData(nameof(TestTpm.Kinds), MemberType = typeof(TestTpm))]
    public async Task An_answer_that_no_key_can_have_is_not_sent(string kind)
    {
        await using TpmKeyBench bench = await NewAsync(kind);
        bench.Person.Answer = number => number switch { 1 => "", 2 => new string('x', 33), _ => "1234" };
        await using TpmKeyBackend backend = bench.Backend();
        await TpmKeyBench.SignAsync(backend, "git");
        Assert.Equal(3, bench.Person.Questions.Count);
        Assert.Equal(0, (await bench.StateAsync()).LockoutCounter);
    }

    [Theory]
    [MemberData(nameof(TestTpm.Kinds), MemberType = typeof(TestTpm))]
    public async Task A_file_that_wrongly_denies_its_PIN_costs_one_try_and_then_asks(string kind)
    {
        await using TpmKeyBench bench = await NewAsync(kind);
        string path = bench.Directory.Get("git").Path;
        Tss2PrivateKeyFile file = Tss2PrivateKeyFile.Parse(await File.ReadAllBytesAsync(path, TpmKeyBench.Ct), path);
        await File.WriteAllBytesAsync(path, (file with { EmptyAuth = true }).Encode(), TpmKeyBench.Ct);
        bench.Person.Answer = _ => "1234";
        await using TpmKeyBackend backend = bench.Backend();
        bench.Bus.Forget();
        await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => TpmKeyBench.SignAsync(backend, "git")));
        Assert.Single(bench.Person.Questions);
        Assert.Equal(21, bench.Bus.Exchanges.Count(exchange => RecordingBus.Code(exchange.Command) == TPM_CC.Sign
            && exchange.Response is not [_, _, _, _, _, _, 0, 0, 0x09, 0x22]));
    }

    // T23: whatever the schedule, the TPM sees no more wrong PINs than the person was asked for.
    [Theory]
    [MemberData(nameof(TestTpm.Kinds), MemberType = typeof(TestTpm))]
    public async Task The_TPM_never_sees_more_wrong_PINs_than_were_given(string kind)
    {
        await using TpmKeyBench bench = await NewAsync(kind);
        Random random = new(20261121);
        await using TpmKeyBackend backend = bench.Backend();
        for (int round = 0; round < 8; round++)
        {
            int before = bench.Person.Questions.Count;
            int wrong = random.Next(0, 2);
            bench.Person.Answer = number => number <= before + wrong ? "wrong" : number % 2 == 0 ? "1234" : null;
            Task[] requests = [.. Enumerable.Range(0, 1 + random.Next(60)).Select(async index =>
            {
                if (index % 7 == 3)
                {
                    await Task.Yield();
                }

                try
                {
                    await TpmKeyBench.SignAsync(backend, "git");
                }
                catch (BackendException exception) when (exception.Failure == BackendFailure.PinRequired)
                {
                    // Wrong or dismissed.
                }
            })];
            await Task.WhenAll(requests);
            backend.DropSecrets();
            int counter = (await bench.StateAsync()).LockoutCounter;
            Assert.InRange(counter, 0, wrong);
            await bench.ResetLockoutAsync();
        }
    }

    private static async Task<TpmKeyBench> NewAsync(string kind)
    {
        TpmKeyBench bench = new(kind);
        await bench.NewAsync("git", "ecdsa-256", "1234");
        return bench;
    }
}
