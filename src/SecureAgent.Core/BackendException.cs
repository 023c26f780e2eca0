namespace SecureAgent.Core;

/// <summary>A device, module or key file said no, or cannot be reached. The message is for the person: what happened,
/// to which key or device, and what to do next; it holds no secret.</summary>
public class BackendException : Exception
{
    /// <summary>Creates the exception.</summary>
    public BackendException(BackendFailure failure, string message, Exception? innerException = null)
        : base(message, innerException) => Failure = failure;

    /// <summary>Creates the exception as <see cref="BackendFailure.Refused"/>.</summary>
    public BackendException(string message) : this(BackendFailure.Refused, message)
    {
    }

    /// <summary>Creates the exception as <see cref="BackendFailure.Refused"/>.</summary>
    public BackendException(string message, Exception innerException)
        : this(BackendFailure.Refused, message, innerException)
    {
    }

    /// <summary>Creates the exception without a message.</summary>
    public BackendException() : this("The backend refused.")
    {
    }

    /// <summary>What kind of no it is; the command line turns it into an exit code.</summary>
    public BackendFailure Failure { get; }
}
