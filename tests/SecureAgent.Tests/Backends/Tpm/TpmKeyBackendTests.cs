using SecureAgent.Backends.Tpm;
using SecureAgent.Core;
using SecureAgent.Wire;

namespace SecureAgent.Tests.Backends.Tpm;

public sealed class TpmKeyBackendTests
{
    public static TheoryData<string, string> Types
    {
        get
        {
            TheoryData<string, string> data = [];
            foreach (string kind in TestTpm.Kinds.Select(row => row.Data))
            {
                foreach (string type in (string[])["ecdsa-256", "ecdsa-384", "ecdsa-521", "rsa-2048", "rsa-3072"])
                {
                    data.Add(kind, type);
                }
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Types))]
    public async Task A_new_key_is_listed_and_signs(string kind, string type)
    {
        await using TpmKeyBench bench = new(kind);
        TpmKeyEntry made = await bench.NewAsync("git", type);
        Assert.Equal(type, made.Type);
        Assert.False(made.NeedsPin);
        await using TpmKeyBackend backend = bench.Backend();
        Identity identity = Assert.Single(backend.Snapshot());
        Assert.Equal("git", identity.Comment);
        Assert.Equal("tpm", identity.Backend);
        Assert.True(identity.VerifyBeforeRelease);
        await TpmKeyBench.SignAsync(backend, "git");
        if (type.StartsWith("rsa", StringComparison.Ordinal))
        {
            await TpmKeyBench.SignAsync(backend, "git", SignatureFlags.SSH_AGENT_RSA_SHA2_512);
        }
    }

    [Theory]
    [MemberData(nameof(TestTpm.Kinds), MemberType = typeof(TestTpm))]
    public async Task A_sealed_Ed25519_key_signs_with_and_without_PIN(string kind)
    {
        await using TpmKeyBench bench = new(kind);
        TpmKeyEntry open = await bench.SealAsync("open");
        TpmKeyEntry closed = await bench.SealAsync("closed", "1234");
        Assert.True(open.IsSealed);
        Assert.Equal("ed25519", open.Type);
        Assert.False(open.NeedsPin);
        Assert.True(closed.NeedsPin);
        Assert.NotEqual(open.PublicKey, closed.PublicKey);
        bench.Person.Answer = _ => "1234";
        await using TpmKeyBackend backend = bench.Backend();
        await TpmKeyBench.SignAsync(backend, "open");
        Assert.Empty(bench.Person.Questions);
        await TpmKeyBench.SignAsync(backend, "closed");
        await TpmKeyBench.SignAsync(backend, "closed");
        Assert.Single(bench.Person.Questions);
    }

    [Theory]
    [MemberData(nameof(TestTpm.Kinds), MemberType = typeof(TestTpm))]
    public async Task A_sealed_key_whose_listed_public_key_was_exchanged_signs_nothing(string kind)
    {
        await using TpmKeyBench bench = new(kind);
        TpmKeyEntry mine = await bench.SealAsync("mine");
        TpmKeyEntry other = await bench.SealAsync("other");
        Tss2PrivateKeyFile file =
            Tss2PrivateKeyFile.Parse(await File.ReadAllBytesAsync(mine.Path, TpmKeyBench.Ct), "mine");
        string line = OpenSshPublicKeyLine.Format(other.PublicKey!.Blob, "forged");
        await File.WriteAllBytesAsync(mine.Path, (file with { Description = line }).Encode(), TpmKeyBench.Ct);
        await using TpmKeyBackend backend = bench.Backend();
        BackendException refused = await TpmKeyBench.RefusedAsync(backend, "forged");
        Assert.Contains("not the private half", refused.Message, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(TestTpm.Kinds), MemberType = typeof(TestTpm))]
    public async Task Listing_sends_the_TPM_nothing_and_a_warm_signature_one_command(string kind)
    {
        await using TpmKeyBench bench = new(kind);
        await bench.NewAsync("git", "ecdsa-256", "1234");
        bench.Person.Answer = _ => "1234";
        await using TpmKeyBackend backend = bench.Backend();
        bench.Bus.Forget();
        Assert.Same(backend.Snapshot(), backend.Snapshot());
        Assert.Empty(bench.Bus.Exchanges);
        await TpmKeyBench.SignAsync(backend, "git");
        bench.Bus.Forget();
        await TpmKeyBench.SignAsync(backend, "git");
        Assert.Equal(["Sign"], bench.Bus.Commands);
    }

    [Theory]
    [MemberData(nameof(TestTpm.Kinds), MemberType = typeof(TestTpm))]
    public async Task PIN_and_seed_never_cross_the_bus(string kind)
    {
        const string pin = "canary-7391";
        await using TpmKeyBench bench = new(kind);
        using TpmEnrolment enrolment = bench.Enrolment();
        await bench.SealAsync("sealed", pin);
        await bench.NewAsync("git", "ecdsa-256", pin);
        bench.Person.Answer = _ => pin;
        await using TpmKeyBackend backend = bench.Backend();
        await TpmKeyBench.SignAsync(backend, "git");
        await TpmKeyBench.SignAsync(backend, "sealed");
        Identity identity = backend.Snapshot().Single(candidate => candidate.Comment == "sealed");
        TpmKeyEntry entry = bench.Directory.Get("sealed");
        using Secret seed = await bench.Access.RunAsync(
            tpm => tpm.Unseal(entry.Blobs!, TpmParent.Owner, "canary-7391"u8, null), TpmKeyBench.Ct);
        Assert.Equal(identity.PublicKey, new Ed25519PublicKey(Ed25519.PublicKeyOf(seed.Span)));
        Assert.True(bench.Bus.Bytes.AsSpan().IndexOf("canary-7391"u8) < 0);
        Assert.True(bench.Bus.Bytes.AsSpan().IndexOf(seed.Span) < 0);
    }

    [Theory]
    [MemberData(nameof(TestTpm.Kinds), MemberType = typeof(TestTpm))]
    public async Task A_key_bound_to_PCRs_signs_until_they_change(string kind)
    {
        await using TpmKeyBench bench = new(kind);
        await bench.NewAsync("plain", "ecdsa-256", pcrs: "sha256:0,16");
        await bench.NewAsync("closed", "ecdsa-256", "1234", "sha256:16");
        TpmKeyEntry sealedKey = await bench.SealAsync("sealed", "1234", "16");
        Assert.Equal("sha256:16", sealedKey.Pcrs);
        bench.Person.Answer = _ => "1234";
        await using TpmKeyBackend backend = bench.Backend();
        foreach (string name in (string[])["plain", "closed", "sealed"])
        {
            await TpmKeyBench.SignAsync(backend, name);
        }

        await bench.ExtendPcr16Async();
        foreach (string name in (string[])["plain", "closed", "sealed"])
        {
            BackendException refused = await TpmKeyBench.RefusedAsync(backend, name);
            Assert.Equal(BackendFailure.Refused, refused.Failure);
            Assert.Contains("PCR", refused.Message, StringComparison.Ordinal);
            Assert.Contains("16", refused.Message, StringComparison.Ordinal);
        }

        Assert.Equal(0, (await bench.StateAsync()).LockoutCounter);
    }

    [Theory]
    [MemberData(nameof(TestTpm.Kinds), MemberType = typeof(TestTpm))]
    public async Task Keys_added_and_removed_while_the_agent_runs_are_noticed(string kind)
    {
        await using TpmKeyBench bench = new(kind);
        await using TpmKeyBackend backend = bench.Backend();
        Assert.Empty(backend.Snapshot());
        using SemaphoreSlim changed = new(0);
        backend.Changed += (_, _) => changed.Release();
        await bench.NewAsync("b", "ecdsa-256");
        await WaitForAsync(() => backend.Snapshot().Count == 1);
        await bench.NewAsync("a", "ecdsa-256");
        await WaitForAsync(() => backend.Snapshot().Count == 2);
        Assert.Equal(["a", "b"], backend.Snapshot().Select(identity => identity.Comment));
        await TpmKeyBench.SignAsync(backend, "a");
        bench.Directory.Remove("a");
        await WaitForAsync(() => backend.Snapshot().Count == 1);
        await TpmKeyBench.SignAsync(backend, "b");

        async Task WaitForAsync(Func<bool> condition)
        {
            while (!condition())
            {
                Assert.True(
                    await changed.WaitAsync(TpmKeyBench.Deadline, TpmKeyBench.Ct), "The change was not noticed.");
            }
        }
    }

    [Theory]
    [MemberData(nameof(TestTpm.Kinds), MemberType = typeof(TestTpm))]
    public async Task A_broken_file_hides_no_other_key_and_is_logged_once(string kind)
    {
        await using TpmKeyBench bench = new(kind);
        TpmKeyEntry good = await bench.NewAsync("good", "ecdsa-256");
        byte[] whole = await File.ReadAllBytesAsync(good.Path, TpmKeyBench.Ct);
        await File.WriteAllBytesAsync(Path.Combine(bench.KeyPath, "bad.tpm"), whole[..100], TpmKeyBench.Ct);
        await using TpmKeyBackend backend = bench.Backend();
        await TpmKeyBench.SignAsync(backend, "good");
        Assert.Single(backend.Snapshot());
        AgentEvent told = Assert.Single(
            bench.Log.Events, agentEvent => agentEvent.Message.Contains("bad.tpm", StringComparison.Ordinal));
        Assert.Equal(AgentEventLevel.Warning, told.Level);
        Assert.Equal(["bad", "good"], bench.Directory.List().Select(key => key.Name));
        Assert.NotNull(bench.Directory.List()[0].Broken);
    }

    [Theory]
    [MemberData(nameof(TestTpm.Kinds), MemberType = typeof(TestTpm))]
    public async Task An_algorithm_of_another_key_type_is_refused_without_a_command(string kind)
    {
        await using TpmKeyBench bench = new(kind);
        await bench.NewAsync("git", "ecdsa-256");
        await using TpmKeyBackend backend = bench.Backend();
        bench.Bus.Forget();
        foreach (SignatureAlgorithm algorithm in (SignatureAlgorithm[])
            [SignatureAlgorithm.EcdsaNistp384, SignatureAlgorithm.RsaSha2_256, SignatureAlgorithm.SshEd25519])
        {
            await Assert.ThrowsAsync<BackendException>(() => backend.Snapshot()[0].Signer
                .SignAsync(algorithm, new byte[1], TpmKeyBench.Who("git"), TpmKeyBench.Ct).AsTask());
        }

        Assert.Empty(bench.Bus.Exchanges);
    }
}
