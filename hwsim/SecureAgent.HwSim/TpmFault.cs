namespace SecureAgent.HwSim;

/// <summary>One piece of trouble that <see cref="Faults"/> makes instead of, or after, executing a command.</summary>
public abstract record TpmFault
{
    private TpmFault()
    {
    }

    /// <summary>The command is not executed; the answer is a header with this response code.</summary>
    /// <param name="ResponseCode">The code, such as TPM_RC_RETRY 0x922 or TPM_RC_LOCKOUT 0x921.</param>
    public sealed record Answer(uint ResponseCode) : TpmFault;

    /// <summary>The command is not executed and the connection ends without an answer.</summary>
    public sealed record DropBefore : TpmFault;

    /// <summary>The command is executed, then the connection ends without an answer.</summary>
    public sealed record DropAfter : TpmFault;

    /// <summary>The command is executed, the first half of the response is sent, then the connection ends.</summary>
    public sealed record HalfResponse : TpmFault;

    /// <summary>The command is not executed; these bytes are the response.</summary>
    /// <param name="Bytes">The bytes; nothing checks that they look like a response.</param>
    public sealed record Garbage(ReadOnlyMemory<byte> Bytes) : TpmFault;

    /// <summary>The command is executed; the response is cut to its first bytes, its header unchanged.</summary>
    /// <param name="Length">How many bytes remain.</param>
    public sealed record Truncate(int Length) : TpmFault;

    /// <summary>The command is executed; one bit of the response is inverted.</summary>
    /// <param name="Bit">Which bit: 0 is the lowest of the first byte; a negative one counts from the end, -1 being the
    /// highest bit of the last byte.</param>
    public sealed record FlipBit(int Bit) : TpmFault;

    /// <summary>The command is executed after this time.</summary>
    /// <param name="Time">How long the command waits.</param>
    public sealed record Delay(TimeSpan Time) : TpmFault;

    /// <summary>The command is executed once the test says so.</summary>
    /// <param name="Until">The command waits until this completes.</param>
    public sealed record Hold(Task Until) : TpmFault;
}
