namespace SecureAgent.HwSim.Tpm;

/// <summary>A loaded object.</summary>
internal sealed class TpmObject : LoadedEntity
{
    private readonly byte[] _name;

    /// <summary>An object with a Name computed from its public area; the authValue comes from the sensitive area.</summary>
    public TpmObject(TpmPublic publicArea, TpmSensitive? sensitive)
    {
        Public = publicArea;
        Sensitive = sensitive;
        AuthValue = Bytes.TrimAuth(sensitive?.AuthValue ?? []);
        _name = publicArea.ComputeName();
    }

    /// <summary>The public area.</summary>
    public TpmPublic Public { get; }

    /// <summary>The sensitive area; <see langword="null"/> if only the public one is loaded.</summary>
    public TpmSensitive? Sensitive { get; }

    /// <inheritdoc/>
    public override byte[] Name => _name;

    /// <inheritdoc/>
    public override bool NoDA => Public.Has(TPMA_OBJECT.noDA);

    /// <summary>The Qualified Name: a digest of the parent's Qualified Name and this Name.</summary>
    public byte[] QualifiedName { get; init; } = [];

    /// <summary>A primary object.</summary>
    public bool IsPrimary { get; init; }

    /// <summary>Loaded by TPM2_LoadExternal.</summary>
    public bool IsExternal { get; init; }

    /// <summary>Cannot be made persistent: it or an ancestor has stClear, or it is a primary of the null hierarchy.</summary>
    public bool IsStClear { get; init; }

    /// <summary>The Qualified Name of an object named <paramref name="name"/> under a parent (Part 1, 16).</summary>
    public static byte[] QualifyName(TPM_ALG_ID nameAlg, byte[] parentQualifiedName, byte[] name) => nameAlg == TPM_ALG_NULL
        ? []
        : Bytes.Concat(Bytes.UInt16((ushort)nameAlg), Hash.Digest(nameAlg, parentQualifiedName, name));
}
