using SecureAgent.Core;

namespace SecureAgent.Backends.Piv;

/// <summary>One card that a command works with, and the PIN that a person gave for it. The PIN is asked for once, when
/// it is first needed, and zeroed at the end.</summary>
public sealed class PivTokenSession : IAsyncDisposable
{
    private const int MinimumPinBytes = 6;

    private readonly PivAccess _access;
    private readonly AskPivSecret _ask;
    private readonly Func<IDisposable> _showTouch;
    private readonly TimeProvider _time;
    private Secret? _pin;

    internal PivTokenSession(
        ISmartCardReaders readers, PivToken token, ISecretMemory memory, AskPivSecret ask, Func<IDisposable> showTouch,
        TimeProvider time)
    {
        _access = new PivAccess(readers, token.Reader, time, token);
        (Token, Memory) = (token, memory);
        (_ask, _showTouch, _time) = (ask, showTouch, time);
    }

    /// <summary>The card as it was last read.</summary>
    public PivToken Token { get; private set; }

    internal ISecretMemory Memory { get; }

    internal DateTimeOffset Now => _time.GetUtcNow();

    /// <summary>Reads the card again.</summary>
    /// <exception cref="BackendException">It has gone, or another one is there now.</exception>
    public async Task<PivToken> RefreshAsync(CancellationToken ct) =>
        Token = await _access.ReadTokenAsync(ct).ConfigureAwait(false);

    /// <summary>Zeroes the PIN, makes the card forget that it was verified, and lets go of it.</summary>
    public async ValueTask DisposeAsync()
    {
        ForgetPin();
        await _access.LogOutAsync().ConfigureAwait(false);
        await _access.DisposeAsync().ConfigureAwait(false);
    }

    /// <summary>Does something with the card, in one transaction and once.</summary>
    internal Task<T> RunAsync<T>(Func<PivConnection, T> work, CancellationToken ct) =>
        _access.RunAsync(work, ct, mayRepeat: false);

    /// <summary>Makes sure that the PIN is there for <see cref="VerifyPin"/>.</summary>
    /// <exception cref="BackendException">It is blocked, or nobody gave it.</exception>
    internal async Task NeedPinAsync(CancellationToken ct) =>
        _pin ??= await AskCheckedAsync(PivSecretKind.Pin, ct).ConfigureAwait(false);

    /// <summary>The PIN that was asked for.</summary>
    internal ReadOnlySpan<byte> Pin =>
        _pin is null ? throw new InvalidOperationException("The PIN was not asked for.") : _pin.Span;

    /// <summary>Zeroes the PIN, because it holds no more.</summary>
    internal void ForgetPin()
    {
        _pin?.Dispose();
        _pin = null;
    }

    /// <summary>Has the PIN verified, on the card's worker.</summary>
    /// <exception cref="BackendException">It is wrong.</exception>
    internal void VerifyPin(PivConnection connection)
    {
        StatusWord status = connection.Commands.Verify(Pin);
        if (!status.IsSuccess)
        {
            ForgetPin();
            throw Wrong(PivSecretKind.Pin, status);
        }

        connection.VerifiedPin = this;
    }

    /// <summary>Asks for a secret that the card counts wrong tries of, or for a new one.</summary>
    /// <returns>Of a size that cards take; the caller disposes it.</returns>
    internal async Task<Secret> AskCheckedAsync(PivSecretKind kind, CancellationToken ct)
    {
        int? left = await TriesLeftAsync(kind, ct).ConfigureAwait(false);
        if (left == 0)
        {
            throw new BackendException(BackendFailure.LockedOut, kind == PivSecretKind.Puk
                ? $"The PUK of {Token.Name} is blocked. All that is left is to empty it: secure-agent token reset"
                : $"The PIN of {Token.Name} is blocked. Set a new one with the PUK: secure-agent token unblock");
        }

        Secret secret = await AskAsync(kind, left, ct).ConfigureAwait(false);
        if (secret.Length is >= MinimumPinBytes and <= PivCommands.PinBytes)
        {
            return secret;
        }

        secret.Dispose();
        throw new BackendException(BackendFailure.PinRequired,
            $"{Words(kind)} has {MinimumPinBytes} to {PivCommands.PinBytes} characters, and the answer had not. "
            + $"Nothing was sent to {Token.Name}, so no try is lost.");
    }

    /// <summary>Asks for a secret.</summary>
    internal async Task<Secret> AskAsync(PivSecretKind kind, int? triesLeft, CancellationToken ct) =>
        await _ask(kind, triesLeft, ct).ConfigureAwait(false)
        ?? throw new BackendException(
            BackendFailure.PinRequired, $"Nobody gave {Words(kind)} of {Token.Name}, so nothing was done.");

    /// <summary>What a refused secret means to a person.</summary>
    internal BackendException Wrong(PivSecretKind kind, StatusWord status)
    {
        string word = kind == PivSecretKind.Puk ? "PUK" : "PIN";
        string cure = kind == PivSecretKind.Puk ? "token reset" : "token unblock";
        return status.TriesLeft == 0
            ? new BackendException(
                BackendFailure.LockedOut, $"The {word} of {Token.Name} is blocked now: secure-agent {cure}")
            : new BackendException(
                BackendFailure.PinRequired,
                $"The {word} of {Token.Name} is wrong; {status.TriesLeft} more wrong ones block it.");
    }

    /// <summary>The hint while a command waits for a touch; nothing if it does not want one.</summary>
    internal TouchHint? HintTouch(bool isWanted) => isWanted ? new TouchHint(_showTouch, _time) : null;

    private async Task<int?> TriesLeftAsync(PivSecretKind kind, CancellationToken ct) => kind switch
    {
        PivSecretKind.Pin => await RunAsync(
            connection => connection.Commands.ReadPinMetadata(PivCommands.Pin)?.TriesLeft
                ?? connection.Commands.ReadTriesLeft(), ct).ConfigureAwait(false),
        PivSecretKind.Puk => await RunAsync(
            connection => connection.Commands.ReadPinMetadata(PivCommands.Puk)?.TriesLeft, ct).ConfigureAwait(false),
        _ => null,
    };

    private static string Words(PivSecretKind kind) => kind switch
    {
        PivSecretKind.Pin => "the PIN",
        PivSecretKind.NewPin => "the new PIN",
        PivSecretKind.Puk => "the PUK",
        PivSecretKind.NewPuk => "the new PUK",
        _ => "the management key",
    };
}
