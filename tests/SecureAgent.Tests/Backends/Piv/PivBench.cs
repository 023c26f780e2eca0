using SecureAgent.Backends.Pins;
using SecureAgent.Backends.Piv;
using SecureAgent.Core;
using SecureAgent.Tests.Core;
using SecureAgent.Wire;
using PivCard = SecureAgent.HwSim.Piv.PivCard;
using PivCardOptions = SecureAgent.HwSim.Piv.PivCardOptions;

namespace SecureAgent.Tests.Backends.Piv;

/// <summary>A reader with a simulated token that has keys, and a backend that has read it.</summary>
internal sealed class PivBench : IAsyncDisposable
{
    public const string Reader = "Yubico YubiKey OTP+FIDO+CCID 00 00";
    public const string Pin = "123456";

    private static readonly byte[] DefaultManagementKey =
        Convert.FromHexString("010203040506070801020304050607080102030405060708");

    private readonly TimeProvider _time;
    private PivKeyBackend? _backend;

    private PivBench(PivCard card, TimeProvider time)
    {
        (Card, _time) = (card, time);
        Readers.Insert(Reader, card);
    }

    public SimulatedReaders Readers { get; } = new();

    public PivCard Card { get; }

    public RecordingLog Log { get; } = new();

    public PivPerson Person { get; private set; } = new();

    public PivKeyBackend Backend => _backend ?? throw new InvalidOperationException("Not listed yet.");

    public static PivBench Start(PivCardOptions? options = null, TimeProvider? time = null) =>
        new(new PivCard(options ?? new PivCardOptions()), time ?? TimeProvider.System);

    /// <summary>Makes a key, as another program would.</summary>
    public PublicKey Generate(
        PivSlot slot, PivAlgorithm algorithm, PivPinPolicy pinPolicy = PivPinPolicy.Default,
        PivTouchPolicy touchPolicy = PivTouchPolicy.Default) =>
        Generate(Readers, Reader, slot, algorithm, pinPolicy, touchPolicy);

    public static PublicKey Generate(
        SimulatedReaders readers, string reader, PivSlot slot, PivAlgorithm algorithm,
        PivPinPolicy pinPolicy = PivPinPolicy.Default, PivTouchPolicy touchPolicy = PivTouchPolicy.Default) =>
        Use(readers, reader, commands =>
        {
            PivAlgorithm management = commands.ReadMetadata(PivCommands.ManagementKey, out _)!.Algorithm;
            commands.AuthenticateManagement(management, DefaultManagementKey);
            return PivPublicKey.FromDataObjects(algorithm, commands.Generate(slot, algorithm, pinPolicy, touchPolicy))!;
        });

    /// <summary>Uses the card as another program, with a connection of its own.</summary>
    public T Use<T>(Func<PivCommands, T> work) => Use(Readers, Reader, work);

    public static T Use<T>(SimulatedReaders readers, string reader, Func<PivCommands, T> work)
    {
        using PivConnection connection = new(readers, reader);
        T result = connection.Run(used => work(used.Commands), mayRepeat: false);
        connection.Release();
        readers.Forget();
        return result;
    }

    /// <summary>Begins to list, with a person who gives these PINs.</summary>
    public Task ListAsync(params string[] answers) => ListAsync(PinCachePolicy.UntilDropped, answers);

    public async Task ListAsync(PinCachePolicy policy, params string[] answers)
    {
        Person = new PivPerson(answers);
        _backend = new PivKeyBackend(Readers, Person, policy, Log, _time);
        await _backend.Ready.WaitAsync(TimeSpan.FromSeconds(30));
        Readers.Forget();
    }

    /// <summary>The identity of the only key, or of that in <paramref name="slot"/>.</summary>
    public Identity Key(string slot = "") =>
        Backend.Snapshot().Single(identity => identity.Comment.TrimEnd(')').EndsWith(slot, StringComparison.Ordinal));

    /// <summary>Signs, and verifies what comes back.</summary>
    public async Task SignAsync(Identity? identity = null)
    {
        identity ??= Key();
        byte[] data = System.Text.Encoding.UTF8.GetBytes($"to be signed {Guid.NewGuid()}");
        SignatureAlgorithm algorithm =
            SignatureAlgorithm.For(identity.PublicKey, SignatureFlags.SSH_AGENT_RSA_SHA2_256);
        byte[] raw = await identity.Signer.SignAsync(algorithm, data, Who(identity), default).AsTask()
            .WaitAsync(TimeSpan.FromSeconds(60));
        Assert.True(SignatureVerifier.Verify(identity.PublicKey, algorithm, data, raw));
    }

    public static SignContext Who(Identity identity) =>
        new(new PeerInfo("test"), identity.Comment, "login as git to host key SHA256:x");

    /// <summary>Completes when the list is such.</summary>
    public async Task UntilAsync(Func<IReadOnlyList<Identity>, bool> condition)
    {
        TaskCompletionSource changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
        void OnChanged(object? sender, EventArgs arguments)
        {
            if (condition(Backend.Snapshot()))
            {
                changed.TrySetResult();
            }
        }

        Backend.Changed += OnChanged;
        OnChanged(null, EventArgs.Empty);
        await changed.Task.WaitAsync(TimeSpan.FromSeconds(30));
        Backend.Changed -= OnChanged;
    }

    /// <summary>Completes when <paramref name="condition"/> holds.</summary>
    public static async Task Until(Func<bool> condition)
    {
        using CancellationTokenSource patience = new(TimeSpan.FromSeconds(30));
        while (!condition())
        {
            await Task.Delay(10, patience.Token);
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_backend is not null)
        {
            await _backend.DisposeAsync();
            // An answer that came after its question was taken back is zeroed by its own task.
            await Until(() => Person.Memory.Outstanding == 0);
        }

        Assert.Equal(0, Readers.OpenConnections);
    }
}
