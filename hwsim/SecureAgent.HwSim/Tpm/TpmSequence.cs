namespace SecureAgent.HwSim.Tpm;

/// <summary>A hash, HMAC or event sequence (Part 1, 32.4). It keeps what it was given: the platform's incremental
/// hashes
/// cannot be written into a saved context.</summary>
internal sealed class TpmSequence : LoadedEntity
{
    /// <summary>The hash; TPM_ALG_NULL for an event, which is hashed with every bank's algorithm.</summary>
    public required TPM_ALG_ID Algorithm { get; init; }

    /// <summary>The HMAC key; <see langword="null"/> for a hash or an event.</summary>
    public byte[]? HmacKey { get; init; }

    /// <summary>What was given so far.</summary>
    public List<byte> Data { get; } = [];

    /// <summary>An event sequence.</summary>
    public bool IsEvent => Algorithm == TPM_ALG_NULL;

    /// <inheritdoc/>
    public override byte[] Name => [];

    /// <inheritdoc/>
    public override bool NoDA => true;

    /// <summary>Writes all of it, for a saved context.</summary>
    public void Save(TpmWriter writer) => writer.Sized(AuthValue).Algorithm(Algorithm).YesNo(HmacKey is not null)
        .Sized(HmacKey ?? []).UInt32((uint)Data.Count).Bytes(Data.ToArray());

    /// <summary>Reads what <see cref="Save"/> wrote.</summary>
    public static TpmSequence Restore(TpmReader reader)
    {
        byte[] auth = reader.Sized(Hash.MaxSize);
        TPM_ALG_ID algorithm = SchemeDef.ReadHash(reader, allowNull: true);
        bool isHmac = reader.YesNo();
        byte[] key = reader.Sized(ushort.MaxValue);
        TpmSequence restored = new()
        {
            Hierarchy = TPM_RH_NULL,
            AuthValue = auth,
            Algorithm = algorithm,
            HmacKey = isHmac ? key : null,
        };
        restored.Data.AddRange(reader.Bytes((int)reader.UInt32()));
        return restored;
    }
}
