namespace SecureAgent.HwSim.Tpm;

/// <summary>A TPMS_PCR_SELECTION.</summary>
internal sealed record PcrSelection(TPM_ALG_ID Hash, byte[] Select)
{
    /// <summary>The selected PCRs, lowest first.</summary>
    public IEnumerable<int> Indices =>
        Enumerable.Range(0, Select.Length * 8).Where(pcr => (Select[pcr / 8] & (1 << (pcr % 8))) != 0);

    /// <summary>The same bank with nothing selected.</summary>
    public PcrSelection Empty() => this with { Select = new byte[Select.Length] };

    /// <summary>Reads a TPML_PCR_SELECTION.</summary>
    public static IReadOnlyList<PcrSelection> ReadList(TpmReader reader)
    {
        uint count = reader.UInt32();
        if (count > Tpm.Hash.Algorithms.Length)
        {
            throw reader.Fail(TPM_RC_SIZE);
        }

        PcrSelection[] list = new PcrSelection[count];
        for (int i = 0; i < list.Length; i++)
        {
            TPM_ALG_ID hash = SchemeDef.ReadHash(reader);
            byte size = reader.UInt8();
            if (size is < PcrBanks.SelectSize or > PcrBanks.SelectSize)
            {
                throw reader.Fail(TPM_RC_VALUE);
            }

            list[i] = new PcrSelection(hash, reader.Bytes(size));
        }

        return list;
    }

    /// <summary>Writes a TPML_PCR_SELECTION.</summary>
    public static void WriteList(TpmWriter writer, IReadOnlyList<PcrSelection> list)
    {
        writer.UInt32((uint)list.Count);
        foreach (PcrSelection selection in list)
        {
            writer.Algorithm(selection.Hash).UInt8((byte)selection.Select.Length).Bytes(selection.Select);
        }
    }
}
