namespace SecureAgent.Backends.Tpm;

/// <summary>PCRs of one bank (TPML_PCR_SELECTION with one entry, TPM 2.0 Part 2, 10.6.1 and 10.9.7).</summary>
internal sealed class TpmPcrSelection
{
    private const int SelectBytes = 3;

    /// <summary>Selects <paramref name="pcrs"/> of the bank <paramref name="hash"/>.</summary>
    /// <param name="hash">The bank, such as <see cref="TPM_ALG.SHA256"/>.</param>
    /// <param name="pcrs">Indices 0 to 23, in any order, at least one.</param>
    /// <exception cref="ArgumentException">There is none, or an index is above 23.</exception>
    public TpmPcrSelection(TPM_ALG hash, IEnumerable<int> pcrs) : this(hash, ToMask(pcrs))
    {
        if (Mask == 0)
        {
            throw new ArgumentException("No PCR is selected.", nameof(pcrs));
        }
    }

    private TpmPcrSelection(TPM_ALG hash, uint mask) => (Hash, Mask) = (hash, mask);

    /// <summary>The bank.</summary>
    public TPM_ALG Hash { get; }

    /// <summary>Bit n set: PCR n is selected.</summary>
    public uint Mask { get; }

    /// <summary>The selected indices, rising.</summary>
    public IEnumerable<int> Indices => Enumerable.Range(0, 24).Where(pcr => (Mask >> pcr & 1) != 0);

    /// <summary>The same bank with other PCRs.</summary>
    public TpmPcrSelection With(uint mask) => new(Hash, mask);

    // TPML_PCR_SELECTION: UINT32 count, then TPMS_PCR_SELECTION: TPMI_ALG_HASH hash, UINT8 sizeofSelect, BYTE
    // pcrSelect[], where bit n of byte n/8 is PCR n.

    /// <summary>Writes TPML_PCR_SELECTION.</summary>
    public void Write(ref TpmWriter writer)
    {
        writer.WriteUInt32(1);
        writer.WriteAlg(Hash);
        writer.WriteUInt8(SelectBytes);
        for (int i = 0; i < SelectBytes; i++)
        {
            writer.WriteUInt8((byte)(Mask >> (8 * i)));
        }
    }

    /// <summary>Reads TPML_PCR_SELECTION, whose other banks must be empty.</summary>
    /// <exception cref="TpmException">It does not parse, or selects in another bank than <paramref
    /// name="hash"/>.</exception>
    public static TpmPcrSelection Read(ref TpmReader reader, TPM_ALG hash)
    {
        uint mask = 0;
        uint count = reader.ReadUInt32();
        for (uint bank = 0; bank < count; bank++)
        {
            TPM_ALG bankHash = reader.ReadAlg();
            ReadOnlySpan<byte> select = reader.ReadBytes(reader.ReadUInt8());
            for (int i = 0; i < select.Length; i++)
            {
                if (select[i] != 0 && (bankHash != hash || i >= SelectBytes))
                {
                    throw new TpmException("The PCR selection names PCRs that are not supported.");
                }

                mask |= (uint)select[i] << (8 * (i & 3));
            }
        }

        return new TpmPcrSelection(hash, mask);
    }

    private static uint ToMask(IEnumerable<int> pcrs)
    {
        uint mask = 0;
        foreach (int pcr in pcrs)
        {
            ArgumentOutOfRangeException.ThrowIfNegative(pcr, nameof(pcrs));
            ArgumentOutOfRangeException.ThrowIfGreaterThan(pcr, 23, nameof(pcrs));
            mask |= 1u << pcr;
        }

        return mask;
    }
}
