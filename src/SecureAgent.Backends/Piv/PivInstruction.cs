#pragma warning disable CA1707 // Spelled as in the specification.
namespace SecureAgent.Backends.Piv;

/// <summary>INS of the commands (SP 800-73-4 part 2, table 2; from <see cref="ATTEST"/> on Yubico's).</summary>
internal enum PivInstruction : byte
{
    VERIFY = 0x20,
    CHANGE_REFERENCE_DATA = 0x24,
    RESET_RETRY_COUNTER = 0x2C,
    GENERATE_ASYMMETRIC_KEY_PAIR = 0x47,
    GENERAL_AUTHENTICATE = 0x87,
    SELECT = 0xA4,
    GET_RESPONSE = 0xC0,
    GET_DATA = 0xCB,
    PUT_DATA = 0xDB,
    MOVE_KEY = 0xF6,
    GET_METADATA = 0xF7,
    GET_SERIAL = 0xF8,
    ATTEST = 0xF9,
    SET_PIN_RETRIES = 0xFA,
    RESET = 0xFB,
    GET_VERSION = 0xFD,
    IMPORT_ASYMMETRIC_KEY = 0xFE,
    SET_MANAGEMENT_KEY = 0xFF,
}
