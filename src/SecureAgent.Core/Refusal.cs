namespace SecureAgent.Core;

/// <summary>Why a request was answered SSH_AGENT_FAILURE. The wire says only that; the log says this.</summary>
public enum Refusal
{
    /// <summary>The agent is locked.</summary>
    Locked,

    /// <summary>The body does not parse.</summary>
    Malformed,

    /// <summary>A message type that no specification gives to a client.</summary>
    UnknownMessage,

    /// <summary>A known operation that this agent does not offer.</summary>
    NotSupported,

    /// <summary>No identity has that blob.</summary>
    UnknownKey,

    /// <summary>Flags or algorithm that the key's policy does not allow, such as SHA-1 with RSA.</summary>
    AlgorithmNotAllowed,

    /// <summary>The connection is forwarded and may not ask this.</summary>
    Forwarded,

    /// <summary>A constraint of the key forbids this use: its destinations, or the number of its signatures.</summary>
    Constrained,

    /// <summary>The configuration's policy of the key forbids this use, or the agent's own policy does.</summary>
    PolicyDenied,

    /// <summary>A constraint was asked for that is not enforced here, so that the key was not stored.</summary>
    ConstraintNotEnforced,

    /// <summary>The person said no, or nobody could be asked.</summary>
    NotConfirmed,

    /// <summary>The person said no a moment ago, and is not asked again yet.</summary>
    CoolingDown,

    /// <summary>The audit log cannot be written, and nothing may happen without it.</summary>
    NotAuditable,

    /// <summary>The lock passphrase was wrong or empty, or the agent was not in the state for it.</summary>
    WrongPassphrase,

    /// <summary>The device or key file failed; the message says how.</summary>
    BackendFailed,

    /// <summary>The device's signature did not verify with the listed public key, and was thrown away.</summary>
    BadSignature,

    /// <summary>A session-bind that is not the host's, or does not fit the bindings before it.</summary>
    BadBinding,

    /// <summary>A fault in the agent itself; the message names the exception.</summary>
    InternalError,
}
