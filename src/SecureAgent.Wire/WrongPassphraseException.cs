namespace SecureAgent.Wire;

/// <summary>A private key file is encrypted, and not with the passphrase that was given (or it is damaged: most of its
/// ciphers cannot tell the two apart).</summary>
public sealed class WrongPassphraseException : Exception
{
    /// <summary>Creates the exception with its standard message.</summary>
    public WrongPassphraseException() : base("wrong passphrase for the private key file")
    {
    }

    /// <summary>Creates the exception with a message.</summary>
    public WrongPassphraseException(string message) : base(message)
    {
    }

    /// <summary>Creates the exception with a message and its cause.</summary>
    public WrongPassphraseException(string message, Exception innerException) : base(message, innerException)
    {
    }
}
