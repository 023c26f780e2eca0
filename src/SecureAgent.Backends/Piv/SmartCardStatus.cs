namespace SecureAgent.Backends.Piv;

/// <summary>The return codes of PC/SC that callers act on; winscard and pcsclite agree on their numbers.</summary>
public enum SmartCardStatus : uint
{
    /// <summary>SCARD_S_SUCCESS.</summary>
    Success = 0,

    /// <summary>SCARD_E_CANCELLED: SCardCancel ended the wait.</summary>
    Cancelled = 0x80100002,

    /// <summary>SCARD_E_INVALID_HANDLE: the service was started again since.</summary>
    InvalidHandle = 0x80100003,

    /// <summary>SCARD_E_INSUFFICIENT_BUFFER.</summary>
    InsufficientBuffer = 0x80100008,

    /// <summary>SCARD_E_UNKNOWN_READER.</summary>
    UnknownReader = 0x80100009,

    /// <summary>SCARD_E_TIMEOUT.</summary>
    Timeout = 0x8010000A,

    /// <summary>SCARD_E_SHARING_VIOLATION: another program holds the card exclusively.</summary>
    SharingViolation = 0x8010000B,

    /// <summary>SCARD_E_NO_SMARTCARD.</summary>
    NoSmartCard = 0x8010000C,

    /// <summary>SCARD_E_NOT_READY.</summary>
    NotReady = 0x80100010,

    /// <summary>SCARD_F_COMM_ERROR: the connection to the service broke.</summary>
    CommunicationError = 0x80100013,

    /// <summary>SCARD_E_NOT_TRANSACTED: the card did not answer, or has just gone.</summary>
    NotTransacted = 0x80100016,

    /// <summary>SCARD_E_READER_UNAVAILABLE: unplugged.</summary>
    ReaderUnavailable = 0x80100017,

    /// <summary>SCARD_E_NO_SERVICE: the service does not run.</summary>
    NoService = 0x8010001D,

    /// <summary>SCARD_E_SERVICE_STOPPED.</summary>
    ServiceStopped = 0x8010001E,

    /// <summary>SCARD_E_NO_READERS_AVAILABLE.</summary>
    NoReadersAvailable = 0x8010002E,

    /// <summary>SCARD_W_UNRESPONSIVE_CARD: no answer to reset; put in the wrong way round.</summary>
    UnresponsiveCard = 0x80100066,

    /// <summary>SCARD_W_UNPOWERED_CARD.</summary>
    UnpoweredCard = 0x80100067,

    /// <summary>SCARD_W_RESET_CARD: another program reset the card.</summary>
    ResetCard = 0x80100068,

    /// <summary>SCARD_W_REMOVED_CARD.</summary>
    RemovedCard = 0x80100069,

    /// <summary>SCARD_W_SECURITY_VIOLATION: pcscd does not serve this user or session (polkit).</summary>
    SecurityViolation = 0x8010006A,
}
