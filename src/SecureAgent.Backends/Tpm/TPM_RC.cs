namespace SecureAgent.Backends.Tpm;

/// <summary>TPM_RC (TPM 2.0 Part 2, tables 16 and 17), without the handle, parameter or session number that a
/// format-one code carries beside it; <see cref="TpmResponseCode"/> holds both.</summary>
public enum TPM_RC
{
    /// <summary>TPM_RC_SUCCESS: success.</summary>
    SUCCESS = 0x000,

    /// <summary>TPM_RC_BAD_TAG: the TPM takes the command for one of TPM 1.2.</summary>
    BAD_TAG = 0x01E,

    /// <summary>TPM_RC_INITIALIZE: the TPM was restarted and waits for TPM2_Startup.</summary>
    INITIALIZE = 0x100,

    /// <summary>TPM_RC_FAILURE: the TPM is in failure mode; restart the machine.</summary>
    FAILURE = 0x101,

    /// <summary>TPM_RC_SEQUENCE: improper use of a sequence handle.</summary>
    SEQUENCE = 0x103,

    /// <summary>TPM_RC_PRIVATE: not currently used.</summary>
    PRIVATE = 0x10B,

    /// <summary>TPM_RC_HMAC: not currently used.</summary>
    HMAC = 0x119,

    /// <summary>TPM_RC_DISABLED: the command is disabled.</summary>
    DISABLED = 0x120,

    /// <summary>TPM_RC_EXCLUSIVE: an exclusive audit session was broken.</summary>
    EXCLUSIVE = 0x121,

    /// <summary>TPM_RC_AUTH_TYPE: the kind of authorisation does not fit the handle.</summary>
    AUTH_TYPE = 0x124,

    /// <summary>TPM_RC_AUTH_MISSING: an authorisation is missing.</summary>
    AUTH_MISSING = 0x125,

    /// <summary>TPM_RC_POLICY: policy failure.</summary>
    POLICY = 0x126,

    /// <summary>TPM_RC_PCR: PCR check failed.</summary>
    PCR = 0x127,

    /// <summary>TPM_RC_PCR_CHANGED: PCRs changed since they were checked.</summary>
    PCR_CHANGED = 0x128,

    /// <summary>TPM_RC_UPGRADE: the TPM is in field upgrade mode.</summary>
    UPGRADE = 0x12D,

    /// <summary>TPM_RC_TOO_MANY_CONTEXTS: the context counter is at its maximum.</summary>
    TOO_MANY_CONTEXTS = 0x12E,

    /// <summary>TPM_RC_AUTH_UNAVAILABLE: authValue or authPolicy is not available for this object.</summary>
    AUTH_UNAVAILABLE = 0x12F,

    /// <summary>TPM_RC_REBOOT: the TPM needs a restart of the machine.</summary>
    REBOOT = 0x130,

    /// <summary>TPM_RC_UNBALANCED: hash and symmetric key size are out of balance.</summary>
    UNBALANCED = 0x131,

    /// <summary>TPM_RC_COMMAND_SIZE: the command's size field is wrong.</summary>
    COMMAND_SIZE = 0x142,

    /// <summary>TPM_RC_COMMAND_CODE: the TPM does not have this command.</summary>
    COMMAND_CODE = 0x143,

    /// <summary>TPM_RC_AUTHSIZE: the authorisation size is out of range.</summary>
    AUTHSIZE = 0x144,

    /// <summary>TPM_RC_AUTH_CONTEXT: a session was used with a command that takes none.</summary>
    AUTH_CONTEXT = 0x145,

    /// <summary>TPM_RC_NV_RANGE: NV offset and size are out of range.</summary>
    NV_RANGE = 0x146,

    /// <summary>TPM_RC_NV_SIZE: the NV allocation is too large.</summary>
    NV_SIZE = 0x147,

    /// <summary>TPM_RC_NV_LOCKED: the NV access is locked.</summary>
    NV_LOCKED = 0x148,

    /// <summary>TPM_RC_NV_AUTHORIZATION: the NV access is not authorised.</summary>
    NV_AUTHORIZATION = 0x149,

    /// <summary>TPM_RC_NV_UNINITIALIZED: the NV index was never written.</summary>
    NV_UNINITIALIZED = 0x14A,

    /// <summary>TPM_RC_NV_SPACE: the TPM has no NV space left.</summary>
    NV_SPACE = 0x14B,

    /// <summary>TPM_RC_NV_DEFINED: the NV index or persistent object exists already.</summary>
    NV_DEFINED = 0x14C,

    /// <summary>TPM_RC_BAD_CONTEXT: the saved context is not valid.</summary>
    BAD_CONTEXT = 0x150,

    /// <summary>TPM_RC_CPHASH: cpHash is already set or not right for use.</summary>
    CPHASH = 0x151,

    /// <summary>TPM_RC_PARENT: the handle is not a valid parent.</summary>
    PARENT = 0x152,

    /// <summary>TPM_RC_NEEDS_TEST: a function needs testing.</summary>
    NEEDS_TEST = 0x153,

    /// <summary>TPM_RC_NO_RESULT: an internal function cannot run a request now.</summary>
    NO_RESULT = 0x154,

    /// <summary>TPM_RC_SENSITIVE: the sensitive area did not unmarshal.</summary>
    SENSITIVE = 0x155,

    /// <summary>TPM_RC_ASYMMETRIC: the asymmetric algorithm is not supported or not right.</summary>
    ASYMMETRIC = 0x081,

    /// <summary>TPM_RC_ATTRIBUTES: inconsistent attributes.</summary>
    ATTRIBUTES = 0x082,

    /// <summary>TPM_RC_HASH: the hash algorithm is not supported or not right.</summary>
    HASH = 0x083,

    /// <summary>TPM_RC_VALUE: the value is out of range or not right.</summary>
    VALUE = 0x084,

    /// <summary>TPM_RC_HIERARCHY: the hierarchy is not enabled or not right.</summary>
    HIERARCHY = 0x085,

    /// <summary>TPM_RC_KEY_SIZE: the key size is not supported.</summary>
    KEY_SIZE = 0x087,

    /// <summary>TPM_RC_MGF: the mask generation function is not supported.</summary>
    MGF = 0x088,

    /// <summary>TPM_RC_MODE: the mode of operation is not supported.</summary>
    MODE = 0x089,

    /// <summary>TPM_RC_TYPE: the type of the value is not right.</summary>
    TYPE = 0x08A,

    /// <summary>TPM_RC_HANDLE: the handle is not right for the use.</summary>
    HANDLE = 0x08B,

    /// <summary>TPM_RC_KDF: the key derivation function is not supported or not right.</summary>
    KDF = 0x08C,

    /// <summary>TPM_RC_RANGE: the value is out of the allowed range.</summary>
    RANGE = 0x08D,

    /// <summary>TPM_RC_AUTH_FAIL: the authorisation was wrong and the TPM counted it.</summary>
    AUTH_FAIL = 0x08E,

    /// <summary>TPM_RC_NONCE: invalid nonce size or value.</summary>
    NONCE = 0x08F,

    /// <summary>TPM_RC_PP: physical presence is required.</summary>
    PP = 0x090,

    /// <summary>TPM_RC_SCHEME: the scheme is not supported or not right.</summary>
    SCHEME = 0x092,

    /// <summary>TPM_RC_SIZE: the structure has the wrong size.</summary>
    SIZE = 0x095,

    /// <summary>TPM_RC_SYMMETRIC: the symmetric algorithm or key size is not supported or not right.</summary>
    SYMMETRIC = 0x096,

    /// <summary>TPM_RC_TAG: wrong structure tag.</summary>
    TAG = 0x097,

    /// <summary>TPM_RC_SELECTOR: wrong union selector.</summary>
    SELECTOR = 0x098,

    /// <summary>TPM_RC_INSUFFICIENT: the TPM wanted more bytes than it was given.</summary>
    INSUFFICIENT = 0x09A,

    /// <summary>TPM_RC_SIGNATURE: the signature is not valid.</summary>
    SIGNATURE = 0x09B,

    /// <summary>TPM_RC_KEY: the key's fields do not fit the use.</summary>
    KEY = 0x09C,

    /// <summary>TPM_RC_POLICY_FAIL: a policy check failed.</summary>
    POLICY_FAIL = 0x09D,

    /// <summary>TPM_RC_INTEGRITY: the integrity check failed; the blob was damaged or belongs to another TPM or
    /// parent.</summary>
    INTEGRITY = 0x09F,

    /// <summary>TPM_RC_TICKET: invalid ticket.</summary>
    TICKET = 0x0A0,

    /// <summary>TPM_RC_RESERVED_BITS: reserved bits are not zero.</summary>
    RESERVED_BITS = 0x0A1,

    /// <summary>TPM_RC_BAD_AUTH: the authorisation was wrong.</summary>
    BAD_AUTH = 0x0A2,

    /// <summary>TPM_RC_EXPIRED: the policy has expired.</summary>
    EXPIRED = 0x0A3,

    /// <summary>TPM_RC_POLICY_CC: the policy is for another command.</summary>
    POLICY_CC = 0x0A4,

    /// <summary>TPM_RC_BINDING: public and sensitive parts do not belong together; the blob was damaged.</summary>
    BINDING = 0x0A5,

    /// <summary>TPM_RC_CURVE: the curve is not supported.</summary>
    CURVE = 0x0A6,

    /// <summary>TPM_RC_ECC_POINT: the point is not on the curve.</summary>
    ECC_POINT = 0x0A7,

    /// <summary>TPM_RC_FW_LIMITED: the key is limited to another firmware.</summary>
    FW_LIMITED = 0x0A8,

    /// <summary>TPM_RC_SVN_LIMITED: the key is limited to another firmware security version.</summary>
    SVN_LIMITED = 0x0A9,

    /// <summary>TPM_RC_CONTEXT_GAP: a session context is too old to start another.</summary>
    CONTEXT_GAP = 0x901,

    /// <summary>TPM_RC_OBJECT_MEMORY: the TPM has no slot left for another object.</summary>
    OBJECT_MEMORY = 0x902,

    /// <summary>TPM_RC_SESSION_MEMORY: the TPM has no memory left for another session.</summary>
    SESSION_MEMORY = 0x903,

    /// <summary>TPM_RC_MEMORY: the TPM is out of memory for objects and sessions.</summary>
    MEMORY = 0x904,

    /// <summary>TPM_RC_SESSION_HANDLES: the TPM has no session handle left.</summary>
    SESSION_HANDLES = 0x905,

    /// <summary>TPM_RC_OBJECT_HANDLES: the TPM has no object handle left.</summary>
    OBJECT_HANDLES = 0x906,

    /// <summary>TPM_RC_LOCALITY: wrong locality.</summary>
    LOCALITY = 0x907,

    /// <summary>TPM_RC_YIELDED: the TPM suspended the command; send it again.</summary>
    YIELDED = 0x908,

    /// <summary>TPM_RC_CANCELED: the command was cancelled.</summary>
    CANCELED = 0x909,

    /// <summary>TPM_RC_TESTING: the TPM is testing itself; send the command again.</summary>
    TESTING = 0x90A,

    /// <summary>TPM_RC_REFERENCE_H0: handle 1 names a transient object that is not loaded.</summary>
    REFERENCE_H0 = 0x910,

    /// <summary>TPM_RC_REFERENCE_H1: handle 2 names a transient object that is not loaded.</summary>
    REFERENCE_H1 = 0x911,

    /// <summary>TPM_RC_REFERENCE_H2: handle 3 names a transient object that is not loaded.</summary>
    REFERENCE_H2 = 0x912,

    /// <summary>TPM_RC_REFERENCE_H3: handle 4 names a transient object that is not loaded.</summary>
    REFERENCE_H3 = 0x913,

    /// <summary>TPM_RC_REFERENCE_H4: handle 5 names a transient object that is not loaded.</summary>
    REFERENCE_H4 = 0x914,

    /// <summary>TPM_RC_REFERENCE_H5: handle 6 names a transient object that is not loaded.</summary>
    REFERENCE_H5 = 0x915,

    /// <summary>TPM_RC_REFERENCE_H6: handle 7 names a transient object that is not loaded.</summary>
    REFERENCE_H6 = 0x916,

    /// <summary>TPM_RC_REFERENCE_S0: authorisation handle 1 names a session that is not loaded.</summary>
    REFERENCE_S0 = 0x918,

    /// <summary>TPM_RC_REFERENCE_S1: authorisation handle 2 names a session that is not loaded.</summary>
    REFERENCE_S1 = 0x919,

    /// <summary>TPM_RC_REFERENCE_S2: authorisation handle 3 names a session that is not loaded.</summary>
    REFERENCE_S2 = 0x91A,

    /// <summary>TPM_RC_REFERENCE_S3: authorisation handle 4 names a session that is not loaded.</summary>
    REFERENCE_S3 = 0x91B,

    /// <summary>TPM_RC_REFERENCE_S4: authorisation handle 5 names a session that is not loaded.</summary>
    REFERENCE_S4 = 0x91C,

    /// <summary>TPM_RC_REFERENCE_S5: authorisation handle 6 names a session that is not loaded.</summary>
    REFERENCE_S5 = 0x91D,

    /// <summary>TPM_RC_REFERENCE_S6: authorisation handle 7 names a session that is not loaded.</summary>
    REFERENCE_S6 = 0x91E,

    /// <summary>TPM_RC_NV_RATE: the TPM limits the rate of writes to its memory; send the command again.</summary>
    NV_RATE = 0x920,

    /// <summary>TPM_RC_LOCKOUT: the TPM is in lockout after wrong PINs.</summary>
    LOCKOUT = 0x921,

    /// <summary>TPM_RC_RETRY: the TPM could not start the command; send it again.</summary>
    RETRY = 0x922,

    /// <summary>TPM_RC_NV_UNAVAILABLE: the TPM cannot write its memory now.</summary>
    NV_UNAVAILABLE = 0x923,

    /// <summary>TPM_RC_NOT_USED: reserved.</summary>
    NOT_USED = 0x97F,
}
