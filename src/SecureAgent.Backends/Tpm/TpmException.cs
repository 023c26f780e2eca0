using SecureAgent.Core;

namespace SecureAgent.Backends.Tpm;

/// <summary>A TPM refused a command, or answered something that is not a valid response.</summary>
public sealed class TpmException : BackendException
{
    /// <summary>Creates the exception for a refusal.</summary>
    public TpmException(BackendFailure failure, string message, TpmResponseCode code)
        : base(failure, message) => Code = code;

    /// <summary>Creates the exception for a response that makes no sense.</summary>
    public TpmException(string message, Exception innerException) : base(message, innerException)
    {
    }

    /// <summary>Creates the exception for a response that makes no sense.</summary>
    public TpmException(string message) : base(message)
    {
    }

    /// <summary>Creates the exception without a message.</summary>
    public TpmException()
    {
    }

    /// <summary>What the TPM answered; <see langword="null"/> if the answer itself was not valid.</summary>
    public TpmResponseCode? Code { get; }

    /// <summary>Whose password was wrong or is missing.</summary>
    public TpmAuthSubject Subject { get; init; }

    /// <summary>Wrong PINs that the TPM still takes before lockout, where that was asked.</summary>
    public int? TriesLeft { get; init; }

    /// <summary>In lockout: when the TPM takes a PIN again, at the latest.</summary>
    public TimeSpan? RetryAfter { get; init; }
}
