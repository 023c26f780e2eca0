namespace SecureAgent.HwSim.Tpm;

/// <summary>What occupies an object slot: an object or a sequence. A closed hierarchy.</summary>
internal abstract class LoadedEntity
{
    /// <summary>The transient or persistent handle.</summary>
    public uint Handle { get; set; }

    /// <summary>The hierarchy it belongs to.</summary>
    public uint Hierarchy { get; init; }

    /// <summary>The authValue, without trailing zeros.</summary>
    public byte[] AuthValue { get; set; } = [];

    /// <summary>The Name (nameAlg and digest), empty for a sequence.</summary>
    public abstract byte[] Name { get; }

    /// <summary>Whether authorization failures do not count towards lockout.</summary>
    public abstract bool NoDA { get; }
}
