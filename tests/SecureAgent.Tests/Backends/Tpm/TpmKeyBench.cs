using System.Security.Cryptography;
using System.Text;
using SecureAgent.Backends.Pins;
using SecureAgent.Backends.Tpm;
using SecureAgent.Core;
using SecureAgent.Tests.Core;
using SecureAgent.Wire;

namespace SecureAgent.Tests.Backends.Tpm;

/// <summary>A TPM with a directory of keys, a person, and the parts of the program between them.</summary>
internal sealed class TpmKeyBench : IAsyncDisposable
{
    public static readonly TimeSpan Deadline = TimeSpan.FromSeconds(60);

    private readonly string _root = System.IO.Directory.CreateTempSubdirectory("keys-").FullName;
    private readonly IDisposable _tpm;
    private ITpmDevice? _device;

    /// <summary>With one of <see cref="TestTpm.Kinds"/>.</summary>
    public TpmKeyBench(string kind)
    {
        TestTpm tpm = TestTpm.Start(kind);
        (_tpm, Restart) = (tpm, tpm.Restart);
        Bus = new RecordingBus(() => _device = tpm.Open());
        Directory = NewDirectory();
        Access = NewAccess();
    }

    /// <summary>With a swtpm that the test kills, or that other programs use too.</summary>
    public TpmKeyBench(SwtpmProcess swtpm)
    {
        (_tpm, Restart) = (swtpm, swtpm.Restart);
        Bus = new RecordingBus(() => _device = swtpm.Open());
        Directory = NewDirectory();
        Access = NewAccess();
    }

    /// <summary>Takes the TPM's power away and gives it back.</summary>
    public Action Restart { get; }

    public RecordingBus Bus { get; }

    public TpmPerson Person { get; } = new();

    public RecordingLog Log { get; } = new();

    public TpmKeyDirectory Directory { get; }

    public TpmAccess Access { get; private set; }

    public string KeyPath => Path.Combine(_root, "keys");

    public string PublicPath => Path.Combine(_root, "ssh");

    public static CancellationToken Ct => TestContext.Current.CancellationToken;

    public static SignContext Who(string key) => new(new PeerInfo("test"), key, "test");

    public TpmKeyDirectory NewDirectory() => new(KeyPath, PublicPath, Log, TimeProvider.System);

    public TpmEnrolment Enrolment() => new(Directory, Access, Person, TimeProvider.System);

    public async Task<TpmKeyEntry> NewAsync(string name, string type, string? pin = null, string? pcrs = null)
    {
        using TpmEnrolment enrolment = Enrolment();
        return await enrolment.NewAsync(Request(name, pin, pcrs), type, Ct).WaitAsync(Deadline, Ct);
    }

    public async Task<TpmKeyEntry> SealAsync(string name, string? pin = null, string? pcrs = null)
    {
        using TpmEnrolment enrolment = Enrolment();
        return await enrolment.SealAsync(Request(name, pin, pcrs), Ct).WaitAsync(Deadline, Ct);
    }

    public static TpmKeyRequest Request(string name, string? pin = null, string? pcrs = null) => new()
    {
        Name = name,
        Pin = pin is null ? null : TestMemory.Of(Encoding.UTF8.GetBytes(pin)),
        Pcrs = pcrs,
    };

    /// <summary>The backend over the same TPM; it closes the way to the TPM when it is disposed.</summary>
    public TpmKeyBackend Backend(PinCachePolicy? policy = null) =>
        new(NewDirectory(), Access, Person, policy ?? PinCachePolicy.UntilDropped, Log, TimeProvider.System);

    /// <summary>Closes the way to the TPM, which serves one client at a time.</summary>
    public Task DisconnectAsync() => Access.DisposeAsync().AsTask();

    /// <summary>Opens the way to the TPM again.</summary>
    public void Reconnect() => Access = NewAccess();

    /// <summary>Signs with a listed key as the agent does, and verifies.</summary>
    public static Task SignAsync(TpmKeyBackend backend, string comment, SignatureFlags flags = default) =>
        SignForAsync(backend, comment, flags, Ct);

    /// <summary>The same for a client that may leave.</summary>
    public static async Task SignForAsync(
        TpmKeyBackend backend, string comment, SignatureFlags flags, CancellationToken client)
    {
        Identity identity = backend.Snapshot().First(candidate => candidate.Comment == comment);
        byte[] data = RandomNumberGenerator.GetBytes(200);
        SignatureFlags asked = identity.PublicKey is RsaPublicKey && flags == default
            ? SignatureFlags.SSH_AGENT_RSA_SHA2_256
            : flags;
        SignatureAlgorithm algorithm = SignatureAlgorithm.For(identity.PublicKey, asked);
        byte[] raw = await identity.Signer.SignAsync(algorithm, data, Who(comment), client).AsTask()
            .WaitAsync(Deadline, Ct);
        Assert.True(SignatureVerifier.Verify(identity.PublicKey, algorithm, data, raw));
    }

    public static async Task<BackendException> RefusedAsync(TpmKeyBackend backend, string comment) =>
        await Assert.ThrowsAnyAsync<BackendException>(() => SignAsync(backend, comment));

    /// <summary>Sends a command of the test's own, between those of the program.</summary>
    public Task<byte[]> TransmitAsync(byte[] command) => Access.RunAsync(tpm =>
    {
        _ = tpm.ReadDictionaryAttackState(); // Opens the device, again if it was lost.
        byte[] response = new byte[4096];
        return response[.._device!.Transmit(command, response)];
    }, Ct);

    // TPM2_PCR_Extend (Part 3, 22.2): pcrHandle, authorisation by the empty password, TPML_DIGEST_VALUES of one
    // SHA-256.
    public async Task ExtendPcr16Async()
    {
        byte[] response = await TransmitAsync(
        [
            0x80, 0x02, 0, 0, 0, 65, 0, 0, 0x01, 0x82, 0, 0, 0, 16, 0, 0, 0, 9, 0x40, 0, 0, 0x09, 0, 0, 0, 0, 0,
            0, 0, 0, 1, 0, 0x0B, .. new byte[32],
        ]);
        Assert.Equal([0, 0, 0, 0], response[6..10]);
    }

    // TPM2_DictionaryAttackLockReset (Part 3, 25.2): lockHandle TPM_RH_LOCKOUT, authorisation by the empty password.
    public async Task ResetLockoutAsync()
    {
        byte[] response = await TransmitAsync(
        [
            0x80, 0x02, 0, 0, 0, 27, 0, 0, 0x01, 0x39, 0x40, 0, 0, 0x0A, 0, 0, 0, 9, 0x40, 0, 0, 0x09, 0, 0, 0, 0, 0,
        ]);
        Assert.Equal([0, 0, 0, 0], response[6..10]);
    }

    public Task<TpmDictionaryAttackState> StateAsync() => Access.RunAsync(tpm => tpm.ReadDictionaryAttackState(), Ct);

    public async ValueTask DisposeAsync()
    {
        Directory.Dispose();
        await Access.DisposeAsync();
        _tpm.Dispose();
        System.IO.Directory.Delete(_root, recursive: true);
    }

    private TpmAccess NewAccess() => new(Bus.Open, new TestMemory(), TimeProvider.System);
}
