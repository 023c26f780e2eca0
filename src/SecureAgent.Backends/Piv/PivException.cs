using SecureAgent.Core;

namespace SecureAgent.Backends.Piv;

/// <summary>A card refused a command, or answered something that is no valid response.</summary>
public sealed class PivException : BackendException
{
    /// <summary>Creates the exception for a refusal.</summary>
    public PivException(BackendFailure failure, string message, StatusWord status)
        : base(failure, message) => Status = status;

    /// <summary>Creates the exception for a response that makes no sense.</summary>
    public PivException(string message, Exception innerException) : base(message, innerException)
    {
    }

    /// <summary>Creates the exception for a response that makes no sense.</summary>
    public PivException(string message) : base(message)
    {
    }

    /// <summary>Creates the exception without a message.</summary>
    public PivException()
    {
    }

    /// <summary>What the card answered; <see langword="null"/> if the answer itself was not valid.</summary>
    public StatusWord? Status { get; }
}
