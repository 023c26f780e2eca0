using SecureAgent.Backends.Pins;
using SecureAgent.Backends.Tpm;
using SecureAgent.Core;

namespace SecureAgent.Tests.Backends.Tpm;

/// <summary>Trouble with the TPM, as a request sees it: a clear error or none, no PIN lost, the next request
/// works.</summary>
/// <remarks>A TPM that lost its power after a key with a PIN was used counts that as one wrong authorisation (TPM 2.0
/// Part 1, 19.8: "non-orderly" start), so tests that do this reset the counter.</remarks>
public sealed class TpmKeyFaultTests
{
    [Theory]
    [MemberData(nameof(TestTpm.Kinds), MemberType = typeof(TestTpm))]
    public async Task A_TPM_that_says_RETRY_is_asked_again_and_the_person_is_not(string kind)
    {
        await using TpmKeyBench bench = await NewAsync(kind);
        await using TpmKeyBackend backend = bench.Backend();
        int refusals = 3;
        bench.Bus.Before = command => RecordingBus.Code(command) is TPM_CC.Sign or TPM_CC.Unseal && refusals-- > 0
            ? RecordingBus.Refusal(0x922)
            : null;
        await TpmKeyBench.SignAsync(backend, "git");
        refusals = 3;
        await TpmKeyBench.SignAsync(backend, "sealed");
        Assert.Equal(2, bench.Person.Questions.Count);
    }

    [Theory]
    [MemberData(nameof(TestTpm.Kinds), MemberType = typeof(TestTpm))]
    [Trait("Promise", "survives restart of the device")]
    public async Task A_restart_between_signatures_goes_unnoticed(string kind)
    {
        await using TpmKeyBench bench = await NewAsync(kind);
        await using TpmKeyBackend backend = bench.Backend();
        for (int round = 0; round < 3; round++)
        {
            await TpmKeyBench.SignAsync(backend, "git");
            await TpmKeyBench.SignAsync(backend, "sealed");
            bench.Restart();
            await bench.ResetLockoutAsync();
        }

        Assert.Equal(2, bench.Person.Questions.Count);
    }

    [Fact]
    public async Task A_TPM_killed_during_a_signature_costs_that_signature_and_no_PIN()
    {
        SwtpmProcess swtpm = SwtpmProcess.Start();
        await using TpmKeyBench bench = new(swtpm);
        await FillAsync(bench);
        await using TpmKeyBackend backend = bench.Backend();
        await TpmKeyBench.SignAsync(backend, "git");
        bool killed = false;
        bench.Bus.After = (command, response) =>
        {
            if (RecordingBus.Code(command) == TPM_CC.Sign && !killed)
            {
                killed = true;
                swtpm.Kill();
                throw new BackendException(BackendFailure.DeviceAbsent, "The connection broke before the answer.");
            }

            return response;
        };
        BackendException refused = await TpmKeyBench.RefusedAsync(backend, "git");
        Assert.Contains(refused.Failure, (BackendFailure[])[BackendFailure.Busy, BackendFailure.DeviceAbsent]);
        Assert.Equal(BackendFailure.DeviceAbsent, (await TpmKeyBench.RefusedAsync(backend, "git")).Failure);
        swtpm.Launch();
        await TpmKeyBench.SignAsync(backend, "git");
        Assert.Single(bench.Person.Questions);
    }

    [Fact]
    public async Task Signatures_under_way_while_the_TPM_restarts_end_and_later_ones_work()
    {
        SwtpmProcess swtpm = SwtpmProcess.Start();
        await using TpmKeyBench bench = new(swtpm);
        await FillAsync(bench);
        await using TpmKeyBackend backend = bench.Backend();
        for (int round = 0; round < 5; round++)
        {
            Task[] signatures = [.. Enumerable.Range(0, 40).Select(async index =>
            {
                try
                {
                    await TpmKeyBench.SignAsync(backend, index % 2 == 0 ? "free" : "git");
                }
                catch (BackendException exception) when (
                    exception.Failure is BackendFailure.DeviceAbsent or BackendFailure.Busy)
                {
                    // While it was away.
                }
            })];
            await signatures[round * 3];
            swtpm.Restart();
            await Task.WhenAll(signatures);
            await TpmKeyBench.SignAsync(backend, "git");
            await bench.ResetLockoutAsync();
        }

        Assert.Single(bench.Person.Questions);
    }

    [Theory]
    [MemberData(nameof(TestTpm.Kinds), MemberType = typeof(TestTpm))]
    public async Task A_changed_answer_gives_no_signature_and_the_next_request_works(string kind)
    {
        await using TpmKeyBench bench = await NewAsync(kind);
        await using TpmKeyBackend backend = bench.Backend();
        await TpmKeyBench.SignAsync(backend, "git");
        await TpmKeyBench.SignAsync(backend, "sealed");
        Random random = new(7);
        for (int round = 0; round < 40; round++)
        {
            bool once = true;
            int seed = random.Next();
            bench.Bus.After = (command, response) =>
            {
                if (!once || RecordingBus.Code(command) is not (TPM_CC.Sign or TPM_CC.Unseal))
                {
                    return response;
                }

                once = false;
                return Damage(response, round % 4, new Random(seed));
            };
            await Assert.ThrowsAnyAsync<BackendException>(
                () => TpmKeyBench.SignAsync(backend, round % 2 == 0 ? "git" : "sealed"));
            bench.Bus.After = null;
            await TpmKeyBench.SignAsync(backend, round % 2 == 0 ? "git" : "sealed");
        }

        Assert.Equal(2, bench.Person.Questions.Count);
        Assert.Equal(0, (await bench.StateAsync()).LockoutCounter);
    }

    [Theory]
    [MemberData(nameof(TestTpm.Kinds), MemberType = typeof(TestTpm))]
    public async Task A_TPM_that_is_not_there_is_named_and_its_keys_stay_listed(string kind)
    {
        await using TpmKeyBench bench = await NewAsync(kind);
        TpmAccess nothing =
            new(TpmTcti.Parse("swtpm:path=/nonexistent/tpm.sock").Open, new TestMemory(), TimeProvider.System);
        await using TpmKeyBackend backend = new(
            bench.NewDirectory(), nothing, bench.Person, PinCachePolicy.UntilDropped, bench.Log, TimeProvider.System);
        Assert.Equal(3, backend.Snapshot().Count);
        BackendException refused = await TpmKeyBench.RefusedAsync(backend, "git");
        Assert.Equal(BackendFailure.DeviceAbsent, refused.Failure);
        Assert.Contains("/nonexistent/tpm.sock", refused.Message, StringComparison.Ordinal);
        Assert.Empty(bench.Person.Questions);
    }

    private static byte[] Damage(byte[] response, int how, Random random)
    {
        byte[] damaged = [.. response];
        switch (how)
        {
            case 0:
                // Behind the header: a code that was changed would be a refusal, which is tested elsewhere.
                damaged[random.Next(10, damaged.Length)] ^= (byte)(1 << random.Next(8));
                return damaged;
            case 1:
                return damaged[..random.Next(0, damaged.Length)];
            case 2:
                random.NextBytes(damaged.AsSpan(10));
                return damaged;
            default:
                random.NextBytes(damaged);
                // TPM_RC_SUCCESS of the right size, with garbage behind it.
                response.AsSpan(0, 10).CopyTo(damaged);
                return damaged;
        }
    }

    private static async Task<TpmKeyBench> NewAsync(string kind)
    {
        TpmKeyBench bench = new(kind);
        await FillAsync(bench);
        return bench;
    }

    private static async Task FillAsync(TpmKeyBench bench)
    {
        await bench.NewAsync("git", "ecdsa-256", "1234");
        await bench.NewAsync("free", "ecdsa-256");
        await bench.SealAsync("sealed", "1234");
        bench.Person.Answer = _ => "1234";
    }
}
