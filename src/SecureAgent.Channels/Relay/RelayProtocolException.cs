namespace SecureAgent.Channels.Relay;

/// <summary>The other side of a relay does not keep to the protocol, or is no relay; the message says what it did, as
/// the end of a sentence about it.</summary>
public sealed class RelayProtocolException : Exception
{
    /// <summary>Creates the exception.</summary>
    public RelayProtocolException(string message, Exception? innerException) : base(message, innerException)
    {
    }

    /// <summary>Creates the exception.</summary>
    public RelayProtocolException(string message) : base(message)
    {
    }

    /// <summary>Creates the exception without a message.</summary>
    public RelayProtocolException()
    {
    }
}
