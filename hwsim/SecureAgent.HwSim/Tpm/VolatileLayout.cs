namespace SecureAgent.HwSim.Tpm;

/// <summary>What TPM2_Shutdown(TPM_SU_STATE) keeps of the volatile state: saved sessions, then PCRs.</summary>
internal static class VolatileLayout
{
    /// <summary>Writes it.</summary>
    public static byte[] Save(TpmState tpm)
    {
        TpmWriter writer = new();
        writer.UInt32(tpm.Pcr.UpdateCounter).UInt64(tpm.ContextCounter).UInt32((uint)tpm.Sessions.Saved.Count);
        foreach ((uint slot, ulong contextId) in tpm.Sessions.Saved)
        {
            writer.UInt32(slot).UInt64(contextId);
        }

        foreach (TPM_ALG_ID algorithm in PcrBanks.Algorithms)
        {
            for (int pcr = 0; pcr < PcrBanks.SavedCount; pcr++)
            {
                writer.Bytes(tpm.Pcr.Read(algorithm, pcr));
            }
        }

        return writer.ToArray();
    }

    /// <summary>TPM Restart: the saved sessions and the PCR update counter are still known, the PCRs are not.</summary>
    public static void RestoreContexts(TpmState tpm, byte[] saved) => RestoreContexts(tpm, new TpmReader(saved));

    /// <summary>TPM Resume: everything.</summary>
    public static void Restore(TpmState tpm, byte[] saved)
    {
        TpmReader reader = new(saved);
        RestoreContexts(tpm, reader);
        foreach (TPM_ALG_ID algorithm in PcrBanks.Algorithms)
        {
            for (int pcr = 0; pcr < PcrBanks.SavedCount; pcr++)
            {
                tpm.Pcr.Write(algorithm, pcr, reader.Bytes(Hash.Size(algorithm)));
            }
        }

        tpm.Pcr.ResetNotSaved();
    }

    private static void RestoreContexts(TpmState tpm, TpmReader reader)
    {
        tpm.Pcr.UpdateCounter = reader.UInt32();
        tpm.ContextCounter = reader.UInt64();
        for (uint left = reader.UInt32(); left > 0; left--)
        {
            tpm.Sessions.RestoreSaved(reader.UInt32(), reader.UInt64());
        }
    }
}
