namespace SecureAgent.HwSim;

/// <summary>A TPM 2.0 as its bus sees it: one whole command in, one whole response out. The simulator is one, and so is
/// <see cref="Faults"/> in front of it.</summary>
public interface ISimulatedTpm
{
    /// <summary>Executes one command. Safe to call from several threads; commands run one after the other.</summary>
    /// <param name="command">The command with its header, as TPM 2.0 Part 3 writes it.</param>
    /// <param name="locality">The locality that the command arrives from, 0 to 4.</param>
    /// <returns>The response with its header; the caller owns the array.</returns>
    byte[] Execute(ReadOnlySpan<byte> command, byte locality = 0);

    /// <summary>Switches the power on (_TPM_Init); nothing happens when it is on. TPM2_Startup is the next
    /// command.</summary>
    void PowerOn();

    /// <summary>Switches the power off: what is not in non-volatile memory is gone.</summary>
    void PowerOff();

    /// <summary>Power off and on again.</summary>
    void Reset();
}
