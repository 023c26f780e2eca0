namespace SecureAgent.HwSim;

/// <summary>A smart card as its reader sees it: one whole command APDU in, one whole response APDU out.</summary>
public interface ISimulatedCard
{
    /// <summary>The answer to reset, at most 33 bytes.</summary>
    ReadOnlyMemory<byte> Atr { get; }

    /// <summary>Executes one command. Safe to call from several threads; commands run one after the other.</summary>
    /// <param name="command">The command APDU as ISO/IEC 7816-4 writes it, short or extended.</param>
    /// <returns>Data and the status bytes SW1 SW2; the caller owns the array.</returns>
    byte[] Transmit(ReadOnlySpan<byte> command);

    /// <summary>Power off and on again: the selected application and what was verified are forgotten.</summary>
    void Reset();
}
