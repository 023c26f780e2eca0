namespace SecureAgent.HwSim.Tpm;

/// <summary>The content of the state file.</summary>
internal static class StateLayout
{
    /// <summary>Writes <paramref name="state"/>.</summary>
    public static byte[] Save(PersistentState state)
    {
        TpmWriter writer = new();
        foreach (HierarchySecrets hierarchy in HierarchiesOf(state))
        {
            hierarchy.Save(writer);
        }

        writer.UInt32(state.FailedTries).UInt32(state.MaxTries).UInt32(state.RecoveryTime).UInt32(state.LockoutRecovery)
            .YesNo(state.LockoutAuthEnabled).YesNo(state.DaUsed).YesNo(state.DisableClear)
            .UInt32(state.ResetCount).UInt32(state.RestartCount).UInt64(state.Clock).YesNo(state.ClockSafe)
            .YesNo(state.Shutdown is not null).UInt16((ushort)(state.Shutdown ?? TPM_SU.TPM_SU_CLEAR))
            .Sized(state.SavedVolatile).UInt32((uint)state.Objects.Count);
        foreach ((uint handle, byte[] saved) in state.Objects)
        {
            writer.UInt32(handle).Sized(saved);
        }

        writer.UInt64(state.Nv.HighestCounter);
        NvIndex[] indices = [.. state.Nv.All];
        writer.UInt32((uint)indices.Length);
        foreach (NvIndex index in indices)
        {
            index.Save(writer);
        }

        return writer.ToArray();
    }

    /// <summary>Reads what <see cref="Save"/> wrote.</summary>
    /// <exception cref="InvalidDataException">It does not parse.</exception>
    public static void Restore(PersistentState state, byte[] saved)
    {
        try
        {
            Restore(state, new TpmReader(saved));
        }
        catch (TpmError error)
        {
            throw new InvalidDataException("The state of the simulated TPM has another layout: remove the file.", error);
        }
    }

    private static void Restore(PersistentState state, TpmReader reader)
    {
        foreach (HierarchySecrets hierarchy in HierarchiesOf(state))
        {
            hierarchy.Restore(reader);
        }

        state.FailedTries = reader.UInt32();
        state.MaxTries = reader.UInt32();
        state.RecoveryTime = reader.UInt32();
        state.LockoutRecovery = reader.UInt32();
        state.LockoutAuthEnabled = reader.YesNo();
        state.DaUsed = reader.YesNo();
        state.DisableClear = reader.YesNo();
        state.ResetCount = reader.UInt32();
        state.RestartCount = reader.UInt32();
        state.Clock = reader.UInt64();
        state.ClockSafe = reader.YesNo();
        bool shutdown = reader.YesNo();
        TPM_SU type = (TPM_SU)reader.UInt16();
        state.Shutdown = shutdown ? type : null;
        state.SavedVolatile = reader.Sized(ushort.MaxValue);
        for (uint left = reader.UInt32(); left > 0; left--)
        {
            state.Objects.Add(reader.UInt32(), reader.Sized(ushort.MaxValue));
        }

        state.Nv.HighestCounter = reader.UInt64();
        for (uint left = reader.UInt32(); left > 0; left--)
        {
            state.Nv.Add(NvIndex.Restore(reader));
        }

        reader.End();
    }

    private static HierarchySecrets[] HierarchiesOf(PersistentState state) =>
        [state.Owner, state.Endorsement, state.Platform, state.Null, state.LockoutHierarchy];
}
