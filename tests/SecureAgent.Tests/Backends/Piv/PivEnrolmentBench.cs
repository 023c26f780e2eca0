using System.Collections.Concurrent;
using System.Text;
using SecureAgent.Backends.Piv;
using SecureAgent.Core;
using SecureAgent.Tests.Cli;
using PivCard = SecureAgent.HwSim.Piv.PivCard;
using PivCardOptions = SecureAgent.HwSim.Piv.PivCardOptions;

namespace SecureAgent.Tests.Backends.Piv;

/// <summary>A simulated token that a command has opened, and the secrets that its person gives.</summary>
internal sealed class PivEnrolmentBench : IAsyncDisposable
{
    private readonly ConcurrentDictionary<PivSecretKind, byte[]> _secrets = new();
    private PivTokenSession? _session;

    private PivEnrolmentBench(PivCard card)
    {
        Card = card;
        Readers.Insert(PivBench.Reader, card);
        Tokens = new PivTokens(Readers, Memory, TimeProvider.System);
        this[PivSecretKind.Pin] = PivBench.Pin;
    }

    /// <summary>A key of the one type that signs on every system that the tests run on.</summary>
    public static PivKeyRequest Work { get; } = new() { Name = "work", Algorithm = PivAlgorithm.ED25519 };

    public PlainMemory Memory { get; } = new();

    public SimulatedReaders Readers { get; } = new();

    public PivCard Card { get; }

    public PivTokens Tokens { get; }

    public PivTokenSession Session => _session!;

    public PivEnrolment Enrolment => new(Session);

    public PivAdministration Administration => new(Session);

    /// <summary>What was asked for, with the tries left.</summary>
    public ConcurrentQueue<(PivSecretKind Kind, int? TriesLeft)> Asked { get; } = new();

    /// <summary>The person's answer; for the management key in hexadecimal.</summary>
    public string this[PivSecretKind kind]
    {
        set => _secrets[kind] =
            kind == PivSecretKind.ManagementKey ? Convert.FromHexString(value) : Encoding.UTF8.GetBytes(value);
    }

    public static async Task<PivEnrolmentBench> StartAsync(PivCardOptions? options = null)
    {
        PivEnrolmentBench bench = new(new PivCard(options ?? new PivCardOptions()));
        await bench.OpenAsync();
        return bench;
    }

    /// <summary>Opens the token afresh, as the next command does.</summary>
    public async Task OpenAsync()
    {
        if (_session is not null)
        {
            await _session.DisposeAsync();
        }

        _session = await Tokens.OpenAsync(null, AskAsync, () => new MemoryStream(), default);
    }

    public async ValueTask DisposeAsync()
    {
        await Session.DisposeAsync();
        Assert.Equal(0, Memory.Outstanding);
        Assert.Equal(0, Readers.OpenConnections);
        Readers.Dispose();
    }

    private ValueTask<Secret?> AskAsync(PivSecretKind kind, int? triesLeft, CancellationToken ct)
    {
        Asked.Enqueue((kind, triesLeft));
        if (!_secrets.TryGetValue(kind, out byte[]? answer))
        {
            return new ValueTask<Secret?>((Secret?)null);
        }

        Secret secret = Memory.Allocate(answer.Length);
        answer.CopyTo(secret.Span);
        return new ValueTask<Secret?>(secret);
    }
}
