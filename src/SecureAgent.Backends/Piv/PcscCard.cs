namespace SecureAgent.Backends.Piv;

/// <summary>A connection to a card by PC/SC.</summary>
internal sealed class PcscCard : ISmartCard
{
    private const uint Protocols = Pcsc.SCARD_PROTOCOL_T0 | Pcsc.SCARD_PROTOCOL_T1;

    private readonly IPcscLibrary _library;
    private readonly PcscContext _context;
    private readonly nint _card;
    private readonly uint _protocol;
    private bool _disposed;

    /// <summary>Connects.</summary>
    /// <exception cref="SmartCardException">There is no service, reader or card, or somebody holds it
    /// exclusively.</exception>
    public PcscCard(IPcscLibrary library, string reader)
    {
        _library = library;
        _context = new PcscContext(library);
        try
        {
            Check("SCardConnect", library.Connect(
                _context.Value, reader, Pcsc.SCARD_SHARE_SHARED, Protocols, out _card, out _protocol));
            Atr = ReadAtr();
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public ReadOnlyMemory<byte> Atr { get; }

    /// <inheritdoc/>
    public void BeginTransaction() => Check("SCardBeginTransaction", _library.BeginTransaction(_card));

    /// <inheritdoc/>
    public void EndTransaction()
    {
        // It ends without us where the card, the reader or the service has gone, and nothing else can be wrong.
        _ = _library.EndTransaction(_card, Pcsc.SCARD_LEAVE_CARD);
    }

    /// <inheritdoc/>
    public int Transmit(ReadOnlySpan<byte> command, Span<byte> response)
    {
        Check("SCardTransmit", _library.Transmit(_card, _protocol, command, response, out int count));

        // Some drivers tell so that a card has gone meanwhile.
        return count >= 2 ? count : throw new SmartCardException("SCardTransmit", SmartCardStatus.NotTransacted);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_disposed)
        {
            return;
        }

        _disposed = true;
        if (_card != 0)
        {
            _ = _library.Disconnect(_card, Pcsc.SCARD_LEAVE_CARD); // fails where the card or the service has gone
        }

        _context.Dispose();
    }

    private ReadOnlyMemory<byte> ReadAtr()
    {
        byte[] atr = new byte[Pcsc.MaxAtrBytes];
        Check("SCardStatus", _library.Status(_card, atr, out int count));
        return atr.AsMemory(0, count);
    }

    private static void Check(string call, SmartCardStatus status) =>
        SmartCardException.ThrowUnlessSuccess(call, status);
}
