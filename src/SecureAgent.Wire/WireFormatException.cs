namespace SecureAgent.Wire;

/// <summary>The only exception that bytes can cause in this assembly: a message, key blob, certificate, signature or
/// key file is not what its specification says. The message names the field, never its content.</summary>
public sealed class WireFormatException : Exception
{
    /// <summary>Creates the exception with a message that names the field and what was expected of it.</summary>
    public WireFormatException(string message) : base(message)
    {
    }

    /// <summary>Creates the exception with a message and the cause, for parsers of the platform that throw their
    /// own.</summary>
    public WireFormatException(string message, Exception innerException) : base(message, innerException)
    {
    }

    /// <summary>Creates the exception without a message.</summary>
    public WireFormatException()
    {
    }
}
