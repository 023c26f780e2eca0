namespace SecureAgent.Channels.Cygwin;

/// <summary>How a handshake ended.</summary>
internal enum CygwinHandshakeResult
{
    /// <summary>Frames may follow.</summary>
    Done,

    /// <summary>The other end left before it was over.</summary>
    Gone,

    /// <summary>The other end does not know the secret.</summary>
    WrongSecret,

    /// <summary>The server takes credentials of 8 bytes and was sent 12: to be tried again on another
    /// connection.</summary>
    ShortCredentials,
}
