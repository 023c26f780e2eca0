namespace SecureAgent.HwSim;

/// <summary>The simulated device went away while it held a command: a TPM's connection broke, a card was pulled out. A
/// server sends <see cref="Sent"/> and closes the connection; a caller in the same process sees the exception
/// itself.</summary>
public sealed class DeviceDroppedException : IOException
{
    /// <summary>A device that went away without a byte of a response.</summary>
    public DeviceDroppedException()
        : this(default, 0)
    {
    }

    /// <summary>A device that went away with this message, without a byte of a response.</summary>
    public DeviceDroppedException(string message)
        : base(message)
    {
    }

    /// <summary>A device that went away with this message and cause, without a byte of a response.</summary>
    public DeviceDroppedException(string message, Exception innerException)
        : base(message, innerException)
    {
    }

    /// <summary>A device that went away after sending a part of its response.</summary>
    /// <param name="sent">The bytes that were sent.</param>
    /// <param name="responseLength">How many bytes the response had, 0 if there was none.</param>
    public DeviceDroppedException(ReadOnlyMemory<byte> sent, int responseLength)
        : base($"The simulated device went away after {sent.Length} of {responseLength} response bytes.")
    {
        Sent = sent;
        ResponseLength = responseLength;
    }

    /// <summary>What was sent of the response before the device went away.</summary>
    public ReadOnlyMemory<byte> Sent { get; }

    /// <summary>The length of the whole response, 0 if there was none.</summary>
    public int ResponseLength { get; }
}
