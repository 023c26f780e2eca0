namespace SecureAgent.Backends.Piv;

/// <summary>The readers of this machine and the way to the cards in them: PC/SC, or something of its shape.</summary>
/// <remarks>Nothing here retries: a service that has stopped or a card that has gone is a
/// <see cref="SmartCardException"/>, and who called decides. The next call after one finds the service again if it is
/// back.</remarks>
public interface ISmartCardReaders : IDisposable
{
    /// <summary>The readers as they are now.</summary>
    /// <exception cref="SmartCardException">The service is not there (<see cref="SmartCardStatus.NoService"/>), or
    /// stopped. On Windows, which runs it only while there are readers, that is an empty list.</exception>
    IReadOnlyList<SmartCardReader> List();

    /// <summary>Blocks until a reader or a card came or went, and costs nothing meanwhile.</summary>
    /// <param name="known">What the caller knows, from <see cref="List"/> or the last call; what differs from it when
    /// called returns at once.</param>
    /// <param name="ct">Ends the wait.</param>
    /// <returns>The readers as they are now.</returns>
    /// <exception cref="SmartCardException">The service is not there, or stopped while this waited.</exception>
    /// <exception cref="OperationCanceledException"><paramref name="ct"/> was cancelled.</exception>
    IReadOnlyList<SmartCardReader> WaitForChange(IReadOnlyList<SmartCardReader> known, CancellationToken ct);

    /// <summary>Blocks until the service can be reached, and costs nothing meanwhile; for who got
    /// <see cref="SmartCardStatus.NoService"/>. Returns at once if it can be.</summary>
    /// <param name="ct">Ends the wait.</param>
    /// <exception cref="OperationCanceledException"><paramref name="ct"/> was cancelled.</exception>
    void WaitForService(CancellationToken ct);

    /// <summary>Connects to the card in a reader (SCardConnect, SCARD_SHARE_SHARED, T=0 or T=1).</summary>
    /// <param name="reader">Name of the reader.</param>
    /// <returns>The connection, which the caller disposes.</returns>
    /// <exception cref="SmartCardException">There is no card, or somebody holds it exclusively
    /// (<see cref="SmartCardStatus.SharingViolation"/>).</exception>
    ISmartCard Connect(string reader);
}
