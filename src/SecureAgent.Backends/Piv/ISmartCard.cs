namespace SecureAgent.Backends.Piv;

/// <summary>One shared connection to a card; used by one thread at a time. Disposing leaves the card as it is
/// (SCARD_LEAVE_CARD).</summary>
public interface ISmartCard : IDisposable
{
    /// <summary>The card's answer to reset, at most 33 bytes.</summary>
    ReadOnlyMemory<byte> Atr { get; }

    /// <summary>Waits until no other program talks to the card, and keeps them out (SCardBeginTransaction).</summary>
    /// <exception cref="SmartCardException">The card was reset (<see cref="SmartCardStatus.ResetCard"/>: a new connection
    /// helps), or has gone.</exception>
    void BeginTransaction();

    /// <summary>Lets other programs talk to the card; it stays as it is (SCARD_LEAVE_CARD). A card that has gone is no
    /// failure here.</summary>
    void EndTransaction();

    /// <summary>Sends one command APDU and waits for its response, a person's touch included.</summary>
    /// <param name="command">The APDU, short or extended.</param>
    /// <param name="response">Receives data and status bytes SW1 SW2; 258 bytes hold every short response.</param>
    /// <returns>How many bytes were received, at least 2.</returns>
    /// <exception cref="SmartCardException">The card or the service has gone; whether the command was executed is
    /// unknown.</exception>
    int Transmit(ReadOnlySpan<byte> command, Span<byte> response);
}
