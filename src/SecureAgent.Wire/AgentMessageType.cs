namespace SecureAgent.Wire;

/// <summary>First byte of an agent message (RFC 9987, "Message numbers"). Names as in the specification; the legacy
/// numbers of SSH protocol 1 (1 to 4, 7, 8, 24) are left out on purpose and so are unknown messages.</summary>
public enum AgentMessageType : byte
{
    /// <summary>No message: 0 is reserved and is answered as unknown.</summary>
    None = 0,

    /// <summary>Response: the request was refused, whatever the reason.</summary>
    SSH_AGENT_FAILURE = 5,

    /// <summary>Response: done, with nothing to say.</summary>
    SSH_AGENT_SUCCESS = 6,

    /// <summary>Legacy request to remove all protocol 1 keys. Handled as
    /// <see cref="SSH_AGENTC_REMOVE_ALL_IDENTITIES"/>, as OpenSSH does: <c>ssh-add -D</c> sends both.</summary>
    SSH_AGENTC_REMOVE_ALL_RSA_IDENTITIES = 9,

    /// <summary>Request: list the public keys.</summary>
    SSH_AGENTC_REQUEST_IDENTITIES = 11,

    /// <summary>Response: the list.</summary>
    SSH_AGENT_IDENTITIES_ANSWER = 12,

    /// <summary>Request: sign.</summary>
    SSH_AGENTC_SIGN_REQUEST = 13,

    /// <summary>Response: the signature.</summary>
    SSH_AGENT_SIGN_RESPONSE = 14,

    /// <summary>Request: add a private key.</summary>
    SSH_AGENTC_ADD_IDENTITY = 17,

    /// <summary>Request: remove one key.</summary>
    SSH_AGENTC_REMOVE_IDENTITY = 18,

    /// <summary>Request: remove all keys.</summary>
    SSH_AGENTC_REMOVE_ALL_IDENTITIES = 19,

    /// <summary>Request: add the keys of a token.</summary>
    SSH_AGENTC_ADD_SMARTCARD_KEY = 20,

    /// <summary>Request: remove the keys of a token.</summary>
    SSH_AGENTC_REMOVE_SMARTCARD_KEY = 21,

    /// <summary>Request: lock the agent with a passphrase.</summary>
    SSH_AGENTC_LOCK = 22,

    /// <summary>Request: unlock it.</summary>
    SSH_AGENTC_UNLOCK = 23,

    /// <summary>Request: add a private key with constraints.</summary>
    SSH_AGENTC_ADD_ID_CONSTRAINED = 25,

    /// <summary>Request: add the keys of a token with constraints.</summary>
    SSH_AGENTC_ADD_SMARTCARD_KEY_CONSTRAINED = 26,

    /// <summary>Request: an extension, by name.</summary>
    SSH_AGENTC_EXTENSION = 27,

    /// <summary>Response: the extension is known but its request failed.</summary>
    SSH_AGENT_EXTENSION_FAILURE = 28,

    /// <summary>Response: an extension's own answer, which starts with its name.</summary>
    SSH_AGENT_EXTENSION_RESPONSE = 29,
}
