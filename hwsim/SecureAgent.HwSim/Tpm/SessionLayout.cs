namespace SecureAgent.HwSim.Tpm;

/// <summary>A session as octets, for its saved context. It never leaves the TPM unencrypted.</summary>
internal static class SessionLayout
{
    /// <summary>Writes <paramref name="session"/>.</summary>
    public static byte[] Save(TpmSession session)
    {
        PolicyState policy = session.Policy;
        TpmWriter writer = new();
        writer.UInt32(session.Handle).UInt8((byte)session.Type).Algorithm(session.AuthHash);
        session.Symmetric.Write(writer);
        writer.Sized(session.NonceTpm).Sized(session.SessionKey);
        WriteOptional(writer, session.BoundTo);
        writer.YesNo(session.IsDaBound).YesNo(session.IsLockoutBound);
        WriteOptional(writer, session.AuditDigest);
        writer.UInt64(policy.StartTime).Sized(policy.Digest).YesNo(policy.IsAuthValueNeeded).YesNo(policy.IsPasswordNeeded);
        WriteOptional(writer, (ulong?)policy.CommandCode);
        WriteOptional(writer, policy.PcrUpdateCounter);
        WriteOptional(writer, policy.Timeout);
        WriteOptional(writer, policy.CpHash);
        return writer.ToArray();
    }

    /// <summary>Reads what <see cref="Save"/> wrote.</summary>
    public static TpmSession Restore(TpmReader reader) => new()
    {
        Handle = reader.UInt32(),
        Type = (TPM_SE)reader.UInt8(),
        AuthHash = SchemeDef.ReadHash(reader),
        Symmetric = SymDef.ReadSession(reader),
        NonceTpm = reader.Sized(Hash.MaxSize),
        SessionKey = reader.Sized(Hash.MaxSize),
        BoundTo = ReadOptional(reader),
        IsDaBound = reader.YesNo(),
        IsLockoutBound = reader.YesNo(),
        AuditDigest = ReadOptional(reader),
        Policy = new PolicyState
        {
            StartTime = reader.UInt64(),
            Digest = reader.Sized(Hash.MaxSize),
            IsAuthValueNeeded = reader.YesNo(),
            IsPasswordNeeded = reader.YesNo(),
            CommandCode = (TPM_CC?)ReadOptionalNumber(reader),
            PcrUpdateCounter = (uint?)ReadOptionalNumber(reader),
            Timeout = ReadOptionalNumber(reader),
            CpHash = ReadOptional(reader),
        },
    };

    private static void WriteOptional(TpmWriter writer, ulong? value) =>
        writer.YesNo(value is not null).UInt64(value.GetValueOrDefault());

    private static ulong? ReadOptionalNumber(TpmReader reader)
    {
        bool present = reader.YesNo();
        ulong value = reader.UInt64();
        return present ? value : null;
    }

    private static void WriteOptional(TpmWriter writer, byte[]? value) => writer.YesNo(value is not null).Sized(value ?? []);

    private static byte[]? ReadOptional(TpmReader reader)
    {
        bool present = reader.YesNo();
        byte[] value = reader.Sized(ushort.MaxValue);
        return present ? value : null;
    }
}
