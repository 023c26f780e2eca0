namespace SecureAgent.HwSim;

/// <summary>One piece of trouble that <see cref="CardFaults"/> makes instead of, or after, executing a
/// command.</summary>
public abstract record CardFault
{
    private CardFault()
    {
    }

    /// <summary>The command is not executed; the answer is this status word.</summary>
    /// <param name="StatusWord">SW1 SW2, such as 0x6F00.</param>
    public sealed record Answer(ushort StatusWord) : CardFault;

    /// <summary>The command is not executed and the card is pulled out.</summary>
    public sealed record RemoveBefore : CardFault;

    /// <summary>The command is executed, then the card is pulled out without an answer.</summary>
    public sealed record RemoveAfter : CardFault;

    /// <summary>The command is executed, the first half of the response is sent, then the card is pulled out.</summary>
    public sealed record HalfResponse : CardFault;

    /// <summary>The command is not executed; these bytes are the response.</summary>
    /// <param name="Bytes">The bytes; nothing checks that they look like a response.</param>
    public sealed record Garbage(ReadOnlyMemory<byte> Bytes) : CardFault;

    /// <summary>The command is executed after this time.</summary>
    /// <param name="Time">How long the command waits.</param>
    public sealed record Delay(TimeSpan Time) : CardFault;

    /// <summary>The command is executed once the test says so.</summary>
    /// <param name="Until">The command waits until this completes.</param>
    public sealed record Hold(Task Until) : CardFault;

    /// <summary>The card loses its power for a moment before it executes the command: what was selected and verified is
    /// forgotten, as when another program resets the card.</summary>
    public sealed record Reset : CardFault;

    /// <summary>The command waits for a touch that does not come: it is not executed and answers 6982 after this
    /// time.</summary>
    /// <param name="Time">How long the command waits.</param>
    public sealed record NoTouch(TimeSpan Time) : CardFault;
}
