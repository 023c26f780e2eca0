using SecureAgent.Core;

namespace SecureAgent.Backends.Tpm;

/// <summary>The connection to the TPM broke.</summary>
internal sealed class TpmDeviceLostException : BackendException
{
    /// <summary>Creates the exception.</summary>
    /// <param name="message">What happened to which device, and what to do.</param>
    /// <param name="commandWasSent">Whether the TPM may have run the command.</param>
    /// <param name="innerException">The cause.</param>
    public TpmDeviceLostException(string message, bool commandWasSent, Exception? innerException = null)
        : base(BackendFailure.DeviceAbsent, message, innerException) => CommandWasSent = commandWasSent;

    /// <summary>Whether the TPM may have run the command.</summary>
    public bool CommandWasSent { get; }
}
