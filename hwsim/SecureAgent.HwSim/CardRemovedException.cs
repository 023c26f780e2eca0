namespace SecureAgent.HwSim;

/// <summary>The simulated card was pulled out while it held a command. <see cref="Servers.VpcdCard"/> sends
/// <see cref="Sent"/> and closes the connection; a caller in the same process sees the exception itself.</summary>
public sealed class CardRemovedException : IOException
{
    /// <summary>A card that went without a byte of a response.</summary>
    public CardRemovedException()
        : this(default, 0)
    {
    }

    /// <summary>A card that went with this message, without a byte of a response.</summary>
    public CardRemovedException(string message)
        : base(message)
    {
    }

    /// <summary>A card that went with this message and cause, without a byte of a response.</summary>
    public CardRemovedException(string message, Exception innerException)
        : base(message, innerException)
    {
    }

    /// <summary>A card that went after sending a part of its response.</summary>
    /// <param name="sent">The bytes that were sent.</param>
    /// <param name="responseLength">How many bytes the response had, 0 if there was none.</param>
    public CardRemovedException(ReadOnlyMemory<byte> sent, int responseLength)
        : base($"The simulated card was pulled out after {sent.Length} of {responseLength} response bytes.")
    {
        Sent = sent;
        ResponseLength = responseLength;
    }

    /// <summary>What was sent of the response before the card went.</summary>
    public ReadOnlyMemory<byte> Sent { get; }

    /// <summary>The length of the whole response, 0 if there was none.</summary>
    public int ResponseLength { get; }
}
