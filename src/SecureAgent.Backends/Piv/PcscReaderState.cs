namespace SecureAgent.Backends.Piv;

/// <summary>What both layouts of SCARD_READERSTATE tell.</summary>
/// <param name="Name">szReader: a reader's name, or <see cref="Pcsc.PnpNotification"/>.</param>
/// <param name="CurrentState">dwCurrentState: what the caller knows, from the last
/// <paramref name="EventState"/>.</param>
/// <param name="EventState">dwEventState: SCARD_STATE_* in the low word, a count of events in the high one.</param>
internal record struct PcscReaderState(
    string Name, uint CurrentState = Pcsc.SCARD_STATE_UNAWARE, uint EventState = 0);
