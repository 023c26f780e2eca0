namespace SecureAgent.HwSim.Tpm;

/// <summary>What a hierarchy keeps: the seed of its primary objects, its proof, its authValue and policy.</summary>
internal sealed class HierarchySecrets
{
    /// <summary>The primary seed.</summary>
    public byte[] Seed { get; set; } = [];

    /// <summary>The proof value: keys the tickets.</summary>
    public byte[] Proof { get; set; } = [];

    /// <summary>The authValue, without trailing zeros.</summary>
    public byte[] AuthValue { get; set; } = [];

    /// <summary>The hash of <see cref="Policy"/>; TPM_ALG_NULL without one.</summary>
    public TPM_ALG_ID PolicyHash { get; set; } = TPM_ALG_NULL;

    /// <summary>authPolicy.</summary>
    public byte[] Policy { get; set; } = [];

    /// <summary>Objects and commands of the hierarchy may be used.</summary>
    public bool Enabled { get; set; } = true;

    /// <summary>Writes all of it, for the state file.</summary>
    public void Save(TpmWriter writer) => writer.Sized(Seed).Sized(Proof).Sized(AuthValue)
        .Algorithm(PolicyHash).Sized(Policy).YesNo(Enabled);

    /// <summary>Reads what <see cref="Save"/> wrote.</summary>
    public void Restore(TpmReader reader)
    {
        Seed = reader.Sized(Hash.MaxSize);
        Proof = reader.Sized(Hash.MaxSize);
        AuthValue = reader.Sized(Hash.MaxSize);
        PolicyHash = SchemeDef.ReadHash(reader, allowNull: true);
        Policy = reader.Sized(Hash.MaxSize);
        Enabled = reader.YesNo();
    }
}
