namespace SecureAgent.Backends.Piv;

/// <summary>The functions of winscard.h that are used, without the width of a DWORD, the layout of structures and the
/// encoding of names, in which winscard and pcsclite differ.</summary>
/// <remarks>What a function returns is what the library's returned. Each may throw
/// <see cref="DllNotFoundException"/>.</remarks>
internal interface IPcscLibrary
{
    /// <summary>Whether no service means no reader: Windows runs it only while there are readers.</summary>
    bool ServiceEndsWithLastReader { get; }

    /// <summary>SCardEstablishContext.</summary>
    SmartCardStatus EstablishContext(out nint context);

    /// <summary>SCardReleaseContext.</summary>
    SmartCardStatus ReleaseContext(nint context);

    /// <summary>SCardCancel: ends a wait for <see cref="GetStatusChange"/> that has begun, and only that.</summary>
    SmartCardStatus Cancel(nint context);

    /// <summary>SCardListReaders.</summary>
    SmartCardStatus ListReaders(nint context, out string[] names);

    /// <summary>SCardGetStatusChange; writes <see cref="PcscReaderState.EventState"/>.</summary>
    SmartCardStatus GetStatusChange(nint context, uint timeoutMilliseconds, Span<PcscReaderState> states);

    /// <summary>SCardConnect.</summary>
    SmartCardStatus Connect(
        nint context, string reader, uint shareMode, uint protocols, out nint card, out uint activeProtocol);

    /// <summary>SCardDisconnect.</summary>
    SmartCardStatus Disconnect(nint card, uint disposition);

    /// <summary>SCardStatus, for the answer to reset.</summary>
    /// <param name="card">The connection.</param>
    /// <param name="atr">Receives it; <see cref="Pcsc.MaxAtrBytes"/> hold each.</param>
    /// <param name="count">Its length in bytes.</param>
    SmartCardStatus Status(nint card, Span<byte> atr, out int count);

    /// <summary>SCardBeginTransaction.</summary>
    SmartCardStatus BeginTransaction(nint card);

    /// <summary>SCardEndTransaction.</summary>
    SmartCardStatus EndTransaction(nint card, uint disposition);

    /// <summary>SCardTransmit with the protocol control information of <paramref name="protocol"/>.</summary>
    /// <param name="card">The connection.</param>
    /// <param name="protocol">The active protocol.</param>
    /// <param name="command">The APDU.</param>
    /// <param name="response">Receives data and SW1 SW2.</param>
    /// <param name="count">How many bytes were received.</param>
    SmartCardStatus Transmit(
        nint card, uint protocol, ReadOnlySpan<byte> command, Span<byte> response, out int count);

    /// <summary>Begins to look out for the start of the service.</summary>
    IPcscServiceWatch WatchService();
}
