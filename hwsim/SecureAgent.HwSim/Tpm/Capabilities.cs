namespace SecureAgent.HwSim.Tpm;

/// <summary>What TPM2_GetCapability tells (Part 2, 6.12; Part 3, 30.2).</summary>
internal sealed class Capabilities(TpmState tpm)
{
    /// <summary>MAX_CAP_DATA: the largest TPMS_CAPABILITY_DATA without its selector and its count.</summary>
    private const int MaxCapData = 1024 - 8;

    /// <summary>Writes the TPMU_CAPABILITIES of <paramref name="capability"/>, from <paramref name="property"/> on, at most
    /// <paramref name="count"/> values, and says whether there are more.</summary>
    public bool Write(TpmWriter writer, TPM_CAP capability, uint property, uint count)
    {
        switch (capability)
        {
            case TPM_CAP.TPM_CAP_ALGS:
                // The property is a TPM_ALG_ID: what does not fit into it is not looked at.
                return WriteList(writer, AlgorithmTable.All.Where(entry => (ushort)entry.Key >= (ushort)property), count, 6,
                    entry => writer.Algorithm(entry.Key).UInt32(entry.Value));
            case TPM_CAP.TPM_CAP_HANDLES:
                return WriteList(writer, Handles(property), count, 4, handle => writer.UInt32(handle));
            case TPM_CAP.TPM_CAP_COMMANDS:
                return WriteList(writer, CommandTable.All.Where(command => (uint)command.Code >= property), count, 4,
                    command => writer.UInt32(command.Attributes));
            case TPM_CAP.TPM_CAP_PP_COMMANDS:
                return WriteList<TPM_CC>(
                    writer, property > (uint)TPM_CC_PP_Commands ? [] : [TPM_CC_PP_Commands], count, 4,
                    code => writer.UInt32((uint)code));
            case TPM_CAP.TPM_CAP_AUDIT_COMMANDS:
                return WriteList<TPM_CC>(
                    writer, property > (uint)TPM_CC_SetCommandCodeAuditStatus ? [] : [TPM_CC_SetCommandCodeAuditStatus],
                    count, 4, code => writer.UInt32((uint)code));
            case TPM_CAP.TPM_CAP_PCRS:
                return property == 0 ? WriteBanks(writer) : throw TPM_RC_VALUE.Parameter(2);
            case TPM_CAP.TPM_CAP_TPM_PROPERTIES:
                return WriteList(writer, new TpmProperties(tpm).From(property), count, 8,
                    entry => writer.UInt32(entry.Property).UInt32(entry.Value));
            case TPM_CAP.TPM_CAP_PCR_PROPERTIES:
                return WriteList(writer, PcrProperties.All.Where(entry => entry.Key >= property), count, 8,
                    entry => writer.UInt32(entry.Key).UInt8(PcrBanks.SelectSize).Bytes(entry.Value));
            case TPM_CAP.TPM_CAP_ECC_CURVES:
                return WriteList(writer, EccCurves.All.Where(curve => (ushort)curve >= (ushort)property), count, 2,
                    curve => writer.UInt16((ushort)curve));
            case TPM_CAP.TPM_CAP_ACT:
                return property is >= TPM_RH_ACT_0 and <= TPM_RH_ACT_F
                    ? WriteList<uint>(writer, [], count, 12, _ => { })
                    : throw TPM_RC_VALUE.Parameter(2);
            default:
                return WriteAuthPolicies(writer, property, count);
        }
    }

    private static bool WriteList<T>(TpmWriter writer, IEnumerable<T> values, uint count, int size, Action<T> write)
    {
        T[] all = [.. values];
        int written = (int)Math.Min(Math.Min(count, (uint)all.Length), (uint)(MaxCapData / size));
        writer.UInt32((uint)written);
        foreach (T value in all.AsSpan(0, written))
        {
            write(value);
        }

        return written < all.Length;
    }

    private static bool WriteBanks(TpmWriter writer)
    {
        byte[] all = new byte[PcrBanks.SelectSize];
        all.AsSpan().Fill(0xFF);
        PcrSelection.WriteList(writer, [.. PcrBanks.Algorithms.Select(algorithm => new PcrSelection(algorithm, all))]);
        return false;
    }

    private bool WriteAuthPolicies(TpmWriter writer, uint property, uint count)
    {
        if (TypeOf(property) != TPM_HT.TPM_HT_PERMANENT)
        {
            throw TPM_RC_VALUE.Parameter(2);
        }

        uint[] handles = [TPM_RH_OWNER, TPM_RH_LOCKOUT, TPM_RH_ENDORSEMENT, TPM_RH_PLATFORM];
        return WriteList(writer, handles.Where(handle => handle >= property), count, 6 + Hash.MaxSize, handle =>
        {
            HierarchySecrets hierarchy = tpm.FindHierarchy(handle)!;
            writer.UInt32(handle).Algorithm(hierarchy.PolicyHash).Bytes(hierarchy.Policy);
        });
    }

    private IEnumerable<uint> Handles(uint property)
    {
        IEnumerable<uint> all = TypeOf(property) switch
        {
            TPM_HT.TPM_HT_PCR => Enumerable.Range(0, PcrBanks.Count).Select(pcr => (uint)pcr),
            TPM_HT.TPM_HT_NV_INDEX => tpm.Nv.All.Select(index => index.Index),
            TPM_HT.TPM_HT_HMAC_SESSION => tpm.Sessions.Loaded.Select(session => session.Handle),

            // Here the type of policy sessions asks for the saved sessions, whose own type is not told.
            TPM_HT.TPM_HT_POLICY_SESSION => tpm.Sessions.Saved.Keys.Select(slot => HMAC_SESSION_FIRST + slot),
            TPM_HT.TPM_HT_PERMANENT =>
            [
                TPM_RH_OWNER, TPM_RH_NULL, TPM_RS_PW, TPM_RH_LOCKOUT, TPM_RH_ENDORSEMENT, TPM_RH_PLATFORM,
                TPM_RH_PLATFORM_NV,
            ],
            TPM_HT.TPM_HT_TRANSIENT => tpm.Objects.Loaded.Select(entity => entity.Handle),
            TPM_HT.TPM_HT_PERSISTENT => tpm.Persistent.Objects.Keys,
            _ => throw TPM_RC_HANDLE.Parameter(2),
        };

        // Sessions are compared by slot: their listed handle may have either type.
        return TypeOf(property) is TPM_HT.TPM_HT_HMAC_SESSION or TPM_HT.TPM_HT_POLICY_SESSION
            ? all.Where(handle => (handle & 0x00FF_FFFF) >= (property & 0x00FF_FFFF))
            : all.Where(handle => handle >= property);
    }
}
