namespace SecureAgent.Core;

/// <summary>A channel cannot listen; the message says on what, why, and what to do.</summary>
public sealed class ChannelException : Exception
{
    /// <summary>Creates the exception.</summary>
    public ChannelException(string message, Exception? innerException = null) : base(message, innerException)
    {
    }

    /// <summary>Creates the exception.</summary>
    public ChannelException(string message) : base(message)
    {
    }

    /// <summary>Creates the exception without a message.</summary>
    public ChannelException()
    {
    }
}
