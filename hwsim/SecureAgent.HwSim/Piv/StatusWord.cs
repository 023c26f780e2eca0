namespace SecureAgent.HwSim.Piv;

/// <summary>SW1 SW2 (ISO/IEC 7816-4, 5.6; SP 800-73-4 part 2, table 6).</summary>
internal enum StatusWord : ushort
{
    /// <summary>Done.</summary>
    Success = 0x9000,

    /// <summary>Done; SW2 bytes of the response are left, 00 for 256 or more.</summary>
    BytesRemaining = 0x6100,

    /// <summary>Verification failed; the lowest four bits are the tries left.</summary>
    VerificationFailed = 0x63C0,

    /// <summary>What must last could not be written.</summary>
    MemoryFailure = 0x6581,

    /// <summary>Lc does not fit.</summary>
    WrongLength = 0x6700,

    /// <summary>The last command of a chain was expected.</summary>
    LastCommandExpected = 0x6883,

    /// <summary>Not verified, not authenticated, or not touched in time.</summary>
    SecurityStatusNotSatisfied = 0x6982,

    /// <summary>No tries are left.</summary>
    AuthenticationBlocked = 0x6983,

    /// <summary>Not now.</summary>
    ConditionsNotSatisfied = 0x6985,

    /// <summary>The data field is wrong.</summary>
    WrongData = 0x6A80,

    /// <summary>No such application or object.</summary>
    FileNotFound = 0x6A82,

    /// <summary>Not enough memory.</summary>
    NotEnoughMemory = 0x6A84,

    /// <summary>P1 or P2 is wrong.</summary>
    IncorrectParameters = 0x6A86,

    /// <summary>No such key.</summary>
    ReferenceDataNotFound = 0x6A88,

    /// <summary>No such instruction, or no application is selected.</summary>
    InstructionNotSupported = 0x6D00,

    /// <summary>No such class: secure messaging, logical channels.</summary>
    ClassNotSupported = 0x6E00,
}
