namespace SecureAgent.HwSim.Tpm;

/// <summary>A whole object as octets, for persistent objects and saved contexts. It never leaves the TPM unencrypted.</summary>
internal static class ObjectLayout
{
    /// <summary>Writes <paramref name="source"/>.</summary>
    public static byte[] Save(TpmObject source)
    {
        TpmWriter writer = new();
        writer.UInt32(source.Hierarchy).YesNo(source.IsPrimary).YesNo(source.IsExternal).YesNo(source.IsStClear)
            .Sized(source.QualifiedName);
        source.Public.Write(writer);
        writer.YesNo(source.Sensitive is not null);
        source.Sensitive?.Write(writer);
        return writer.ToArray();
    }

    /// <summary>Reads what <see cref="Save"/> wrote.</summary>
    public static TpmObject Restore(TpmReader reader)
    {
        uint hierarchy = reader.UInt32();
        bool isPrimary = reader.YesNo();
        bool isExternal = reader.YesNo();
        bool isStClear = reader.YesNo();
        byte[] qualifiedName = reader.Sized(Hash.MaxSize + 2);
        TpmPublic publicArea = TpmPublic.Read(reader, allowNullName: true);
        TpmSensitive? sensitive = reader.YesNo() ? TpmSensitive.Read(reader) : null;
        return new TpmObject(publicArea, sensitive)
        {
            Hierarchy = hierarchy,
            IsPrimary = isPrimary,
            IsExternal = isExternal,
            IsStClear = isStClear,
            QualifiedName = qualifiedName,
        };
    }
}
