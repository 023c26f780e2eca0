using SecureAgent.Core;

namespace SecureAgent.Backends.Piv;

/// <summary>The way to one card: a shared connection, which is kept between uses, and one short transaction for each.
/// Not thread-safe: it lives inside one card's queue.</summary>
/// <remarks>Other programs use the card between our transactions. They may reset it, select another application, or
/// lose it: then the application is selected again, the card is checked to be the same one, and what was under way is
/// done once more. Nothing is done twice after that.</remarks>
internal sealed class PivConnection : IDisposable
{
    private readonly ISmartCardReaders _readers;
    private ISmartCard? _card;
    private PivCommands? _commands;
    private bool _isSelected;
    private bool _disposed;

    /// <summary>Prepares a connection to the card in <paramref name="reader"/>; nothing is opened yet.</summary>
    public PivConnection(ISmartCardReaders readers, string reader) => (_readers, Reader) = (readers, reader);

    /// <summary>The reader.</summary>
    public string Reader { get; }

    /// <summary>The only card that may be in it (<see cref="PivToken.Id"/>); <see langword="null"/> until one was
    /// read.</summary>
    public PivToken? Token { get; set; }

    /// <summary>The PIN that the card has verified and not forgotten, as far as is known here.</summary>
    public object? VerifiedPin { get; set; }

    /// <summary>Whether the application was selected in this transaction, so that no other can be.</summary>
    public bool IsFresh { get; private set; }

    /// <summary>APDUs sent, for tests and benchmarks.</summary>
    public long ApduCount { get; private set; }

    /// <summary>The commands; in <see cref="Run"/> only.</summary>
    public PivCommands Commands => _commands ?? throw new InvalidOperationException("Not in a transaction.");

    /// <summary>The card's answer to reset; in <see cref="Run"/> only.</summary>
    public ReadOnlySpan<byte> Atr => _card is null ? default : _card.Atr.Span;

    private string Name => Token?.Name ?? $"The card in {Reader}";

    /// <summary>Runs <paramref name="work"/> with the PIV application of the right card selected, other programs kept
    /// out.</summary>
    /// <param name="work">What to do.</param>
    /// <param name="mayRepeat">Whether it may be done once more when the card was reset or another application selected
    /// meanwhile.</param>
    /// <exception cref="BackendException">The card has gone, is another one, is held by somebody, or what
    /// <paramref name="work"/> threw.</exception>
    public T Run<T>(Func<PivConnection, T> work, bool mayRepeat = true)
    {
        for (bool isLast = false; ; isLast = true)
        {
            bool hasBegun = false;
            try
            {
                Enter();
                try
                {
                    hasBegun = true;
                    return work(this);
                }
                finally
                {
                    Leave();
                }
            }
            catch (PivException exception)
                when (!isLast && mayRepeat && hasBegun && !IsFresh && exception.Status is { MayBeDeselected: true })
            {
                Deselect();
            }
            catch (SmartCardException exception)
            {
                Release();
                if (isLast || (hasBegun && !mayRepeat) || exception.Status == SmartCardStatus.SharingViolation)
                {
                    throw Explain(exception);
                }
            }
        }
    }

    /// <summary>Lets go of the card, which stays as it is.</summary>
    public void Release()
    {
        Deselect();
        ApduCount += _commands?.ApduCount ?? 0;
        _commands = null;
        _card?.Dispose();
        _card = null;
    }

    /// <summary>Lets go of the card, and makes it forget the PIN where it can: the next program is to be
    /// asked.</summary>
    public void LogOut()
    {
        if (_card is null || VerifiedPin is null)
        {
            return;
        }

        try
        {
            _card.BeginTransaction();
            try
            {
                Commands.LogOut();
            }
            finally
            {
                Leave();
            }
        }
        catch (Exception exception) when (exception is SmartCardException or PivException)
        {
            // Reset or gone: it has forgotten.
        }

        Release();
    }

    /// <summary>Lets go of the card for good.</summary>
    public void Dispose()
    {
        _disposed = true;
        Release();
    }

    /// <summary>What a failure of PC/SC means to a person.</summary>
    public BackendException Explain(SmartCardException exception) => exception.Status switch
    {
        SmartCardStatus.NoSmartCard or SmartCardStatus.RemovedCard or SmartCardStatus.ReaderUnavailable
            or SmartCardStatus.UnknownReader or SmartCardStatus.UnpoweredCard or SmartCardStatus.NotTransacted
            or SmartCardStatus.NoReadersAvailable => new BackendException(
                BackendFailure.DeviceAbsent,
                $"{Name} was taken out. Put it in again and repeat what you did.", exception),
        SmartCardStatus.SharingViolation => new BackendException(
            BackendFailure.Busy,
            $"{Name} is held exclusively by another program{Holders()}. Try again when that one has let go; gpg's "
            + "scdaemon does so by gpgconf --kill scdaemon.", exception),
        SmartCardStatus.NoService or SmartCardStatus.ServiceStopped or SmartCardStatus.CommunicationError
            or SmartCardStatus.InvalidHandle => new BackendException(
                BackendFailure.DeviceAbsent,
                $"{Name} cannot be reached: the smart card service stopped or does not run (pcscd on Linux). Start it "
                + "and repeat what you did.", exception),
        SmartCardStatus.UnresponsiveCard => new BackendException(
            BackendFailure.DeviceAbsent, $"{Name} does not answer. Is it put in the right way round?", exception),
        _ => new BackendException(
            BackendFailure.Refused, $"{Name} did not do what it was asked: {exception.Message}.", exception),
    };

    // PC/SC does not tell which.
    private static string Holders()
    {
        string[] others = [.. SmartCardUsers.Others().Select(other => $"{other.Name} ({other.ProcessId})")];
        return others.Length == 0 ? "" : $", perhaps {string.Join(" or ", others)}";
    }

    private void Enter()
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        IsFresh = false;
        try
        {
            (_card ?? Connect()).BeginTransaction();
        }
        catch (SmartCardException exception) when (exception.Status == SmartCardStatus.ResetCard)
        {
            // No SCardReconnect: where the other program has switched the card off, as ykman does, pcsc-lite would take
            // it for in use without switching it on, and refuse it to everybody else.
            Release();
            Connect().BeginTransaction();
        }

        if (_isSelected)
        {
            return;
        }

        try
        {
            Select();
        }
        catch
        {
            Leave();
            throw;
        }
    }

    private ISmartCard Connect()
    {
        _card = _readers.Connect(Reader);
        _commands = new PivCommands(new PivTransport(_card));
        return _card;
    }

    private void Select()
    {
        if (!Commands.Select())
        {
            throw new PivException($"{Name} has no PIV application.");
        }

        if (Token is not null && PivTokenReader.ReadId(Commands, Atr, out _) != Token.Id)
        {
            throw new BackendException(
                BackendFailure.DeviceAbsent,
                $"Another card than {Token.Name} is in {Reader} now. Put {Token.Name} in again and repeat what you "
                + "did.");
        }

        (_isSelected, IsFresh) = (true, true);
    }

    private void Deselect() => (_isSelected, VerifiedPin) = (false, null);

    private void Leave()
    {
        try
        {
            _card?.EndTransaction();
        }
        catch (SmartCardException)
        {
            // What failed before is what counts, and the next use will find out.
        }
    }
}
