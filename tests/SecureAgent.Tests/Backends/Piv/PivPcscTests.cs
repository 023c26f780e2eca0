using SecureAgent.Backends.Pins;
using SecureAgent.Backends.Piv;
using SecureAgent.Core;
using SecureAgent.HwSim.Servers;
using SecureAgent.Tests.Cli;
using SecureAgent.Tests.Core;
using SecureAgent.Tests.EndToEnd;
using SecureAgent.Tests.HwSim;
using SecureAgent.Wire;
using PivCard = SecureAgent.HwSim.Piv.PivCard;
using PivTouch = SecureAgent.HwSim.Piv.PivTouch;
using PivCardOptions = SecureAgent.HwSim.Piv.PivCardOptions;

namespace SecureAgent.Tests.Backends.Piv;

/// <summary>The backend and enrolment behind a real pcscd, side by side with ykman.</summary>
[Collection(PcscOfThisProcess.Collection)]
public sealed class PivPcscTests : PcscTest
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private PivCard? _card;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Ykman_and_this_program_see_and_use_each_others_keys()
    {
        Requires.Tool("ykman");
        await using VpcdCard card = await InsertAsync(new PivCardOptions { Firmware = PivCardOptions.Firmware543 });
        PlainMemory memory = new();
        PivTokens tokens = new(Readers, memory, TimeProvider.System);
        PivTokenSession session = await tokens.OpenAsync(
            "12345678", (_, _, _) => new ValueTask<Secret?>(Pin(memory)), () => new MemoryStream(), Ct);
        await using (session)
        {
            await new PivAdministration(session).ChangeManagementKeyAsync(null, null, isStored: true, Ct);
            await new PivEnrolment(session).NewAsync(new PivKeyRequest { Name = "work" }, Ct);
        }

        string info = (await YkmanAsync("piv", "info")).Output;
        Assert.Contains("CN=work", info, StringComparison.Ordinal);
        Assert.Contains("Management key is stored on the YubiKey, protected by PIN", info, StringComparison.Ordinal);

        await YkmanAsync("piv", "keys", "generate", "-a", "ECCP384", "-P", "123456", "9c", "public.pem");
        await YkmanAsync("piv", "certificates", "generate", "-s", "theirs", "-P", "123456", "9c", "public.pem");
        await using PivKeyBackend backend = new(
            new SharedReaders(Readers), new PivPerson("123456"), PinCachePolicy.UntilDropped, new RecordingLog(),
            TimeProvider.System);
        await backend.Ready.WaitAsync(Patience, Ct);
        Assert.Equal(
            ["work (piv:12345678:9a)", "theirs (piv:12345678:9c)"],
            backend.Snapshot().Select(identity => identity.Comment));
        foreach (Identity identity in backend.Snapshot())
        {
            await SignAsync(identity);
        }
    }

    [Fact]
    public async Task Card_that_another_program_switched_off_signs_on_and_stays_everybodys()
    {
        await using VpcdCard card = await InsertAsync(new PivCardOptions());
        Generate();
        PivPerson person = new("123456");
        await using PivKeyBackend backend = new(
            new SharedReaders(Readers), person, PinCachePolicy.UntilDropped, new RecordingLog(), TimeProvider.System);
        await backend.Ready.WaitAsync(Patience, Ct);
        Identity identity = backend.Snapshot().Single();
        await SignAsync(identity);

        LeaveAsAnother(Pcsc.SCARD_UNPOWER_CARD);
        await SignAsync(identity);
        // While the backend has its connection still.
        LeaveAsAnother(Pcsc.SCARD_LEAVE_CARD);
        Assert.Single(person.Prompts);
    }

    [Fact]
    public async Task Service_killed_and_started_again_needs_no_restart()
    {
        await using VpcdCard card = await InsertAsync(new PivCardOptions());
        Generate();
        PivPerson person = new("123456", "123456");
        await using PivKeyBackend backend = new(
            new SharedReaders(Readers), person, PinCachePolicy.UntilDropped, new RecordingLog(), TimeProvider.System);
        await backend.Ready.WaitAsync(Patience, Ct);
        await SignAsync(backend.Snapshot().Single());

        Daemon.Kill();
        await UntilAsync(backend, list => list.Count == 0);
        Daemon.Start();
        await UntilAsync(backend, list => list.Count == 1);
        await SignAsync(backend.Snapshot().Single());
        Assert.Equal(2, person.Prompts.Count);
    }

    [Fact]
    public async Task Service_killed_during_a_signature_is_said_and_needs_no_restart()
    {
        // The card goes on waiting for its touch when nobody hears it any more.
        await using VpcdCard card = await InsertAsync(
            new PivCardOptions { Touch = PivTouch.AfterControl, TouchTimeout = TimeSpan.FromSeconds(2) });
        Generate(PivTouchPolicy.Always);
        PivPerson person = new("123456", "123456") { OnTouch = Daemon.Kill };
        await using PivKeyBackend backend = new(
            new SharedReaders(Readers), person, PinCachePolicy.UntilDropped, new RecordingLog(), TimeProvider.System);
        await backend.Ready.WaitAsync(Patience, Ct);

        BackendException error = await Assert.ThrowsAnyAsync<BackendException>(
            () => SignAsync(backend.Snapshot().Single()));
        Assert.Equal(BackendFailure.DeviceAbsent, error.Failure);
        Assert.Contains("the smart card service stopped", error.Message, StringComparison.Ordinal);
        Assert.Equal(0, person.HintsShown);
        await UntilAsync(backend, list => list.Count == 0);
        Daemon.Start();
        await UntilAsync(backend, list => list.Count == 1);
        person.OnTouch = () => Task.Run(() => _card!.Touch());
        await SignAsync(backend.Snapshot().Single());
    }

    [Fact]
    public async Task Card_that_comes_and_goes_is_listed_and_not()
    {
        await using PivKeyBackend backend = new(
            new SharedReaders(Readers), new PivPerson("123456"), PinCachePolicy.UntilDropped, new RecordingLog(),
            TimeProvider.System);
        await using (VpcdCard card = await InsertAsync(new PivCardOptions()))
        {
            Generate();
            await card.RemoveAsync();
            Until(readers => !readers[0].HasCard);
            await card.InsertAsync(Ct);
            await UntilAsync(backend, list => list.Count == 1);
            await SignAsync(backend.Snapshot().Single());
        }

        await UntilAsync(backend, list => list.Count == 0);
    }

    private void Generate(PivTouchPolicy touchPolicy = PivTouchPolicy.Default)
    {
        using PivConnection connection = new(Readers, FirstReader);
        connection.Run(used =>
        {
            used.Commands.AuthenticateManagement(
                used.Commands.ReadMetadata(PivCommands.ManagementKey, out _)!.Algorithm,
                Convert.FromHexString("010203040506070801020304050607080102030405060708"));
            return used.Commands.Generate(
                PivSlot.Authentication, PivAlgorithm.ECC_P256, PivPinPolicy.Default, touchPolicy);
        }, mayRepeat: false);
    }

    private async Task<VpcdCard> InsertAsync(PivCardOptions options)
    {
        _card = new PivCard(options);
        VpcdCard card = new(_card, Daemon.Readers[0].Port);
        await card.InsertAsync(Ct);
        Until(readers => readers[0].HasCard);
        return card;
    }

    private async Task<Ran> YkmanAsync(params string[] arguments)
    {
        Dictionary<string, string> environment = new(Daemon.Environs)
        {
            ["PATH"] = Environment.GetEnvironmentVariable("PATH")!,
            ["HOME"] = Daemon.DirectoryPath,
            ["LC_ALL"] = "C.UTF-8",
        };
        Ran ran = await new Command(environment, "ykman", ["--device", "12345678", .. arguments])
        {
            Directory = Daemon.DirectoryPath,
            Patience = Patience,
        }.RunAsync();
        Assert.True(ran.ExitCode == 0, ran.ToString());
        return ran;
    }

    private static Secret Pin(PlainMemory memory)
    {
        Secret pin = memory.Allocate(6);
        "123456"u8.CopyTo(pin.Span);
        return pin;
    }

    private static async Task SignAsync(Identity identity)
    {
        byte[] data = Guid.NewGuid().ToByteArray();
        SignatureAlgorithm algorithm = SignatureAlgorithm.For(identity.PublicKey, default);
        byte[] raw = await identity.Signer.SignAsync(algorithm, data, PivBench.Who(identity), Ct).AsTask()
            .WaitAsync(Patience);
        Assert.True(SignatureVerifier.Verify(identity.PublicKey, algorithm, data, raw));
    }

    private static Task UntilAsync(PivKeyBackend backend, Func<IReadOnlyList<Identity>, bool> condition) =>
        PivBench.Until(() => condition(backend.Snapshot()));

    /// <summary>The readers of the test, which a backend uses and does not dispose.</summary>
    private sealed class SharedReaders(ISmartCardReaders readers) : ISmartCardReaders
    {
        public IReadOnlyList<SmartCardReader> List() => readers.List();

        public IReadOnlyList<SmartCardReader> WaitForChange(
            IReadOnlyList<SmartCardReader> known, CancellationToken ct) => readers.WaitForChange(known, ct);

        public void WaitForService(CancellationToken ct) => readers.WaitForService(ct);

        public ISmartCard Connect(string reader) => readers.Connect(reader);

        public void Dispose()
        {
        }
    }
}
