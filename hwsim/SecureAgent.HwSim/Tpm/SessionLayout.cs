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
        writer.UInt64(policy.StartTime).Sized(policy.Digest).YesNo(policy.IsAuthValueNeeded).YesNo(policy.IsPasswordNeeded)
            .YesNo(policy.CommandCode is not null).UInt32((uint)(policy.CommandCode ?? 0))
            .YesNo(policy.PcrUpdateCounter is not null).UInt32(policy.PcrUpdateCounter ?? 0)
            .YesNo(policy.Timeout is not null).UInt64(policy.Timeout ?? 0);
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
            CommandCode = reader.YesNo() ? (TPM_CC)reader.UInt32() : Skip<TPM_CC>(reader.UInt32()),
            PcrUpdateCounter = reader.YesNo() ? reader.UInt32() : Skip<uint>(reader.UInt32()),
            Timeout = reader.YesNo() ? reader.UInt64() : Skip<ulong>(reader.UInt64()),
            CpHash = ReadOptional(reader),
        },
    };

    private static T? Skip<T>(ulong value)
        where T : struct
    {
        _ = value;
        return null;
    }

    private static void WriteOptional(TpmWriter writer, byte[]? value) => writer.YesNo(value is not null).Sized(value ?? []);

    private static byte[]? ReadOptional(TpmReader reader)
    {
        bool present = reader.YesNo();
        byte[] value = reader.Sized(ushort.MaxValue);
        return present ? value : null;
    }
}
