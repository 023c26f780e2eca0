namespace SecureAgent.HwSim.Tpm.Commands;

/// <summary>Part 3, 22: platform configuration registers.</summary>
internal static class PcrCommands
{
    private const int MaxDigests = 8;

    /// <summary>The commands of this file.</summary>
    public static IEnumerable<CommandDefinition> All =>
    [
        new(TPM_CC_PCR_Read, Read),
        new(TPM_CC_PCR_Extend, Extend, new HandleSlot(HandleKind.PcrOrNull, AuthRole.User)) { Nv = true },
        new(TPM_CC_PCR_Event, Event, new HandleSlot(HandleKind.PcrOrNull, AuthRole.User))
        {
            DecryptFirst = true, Nv = true,
        },
        new(TPM_CC_PCR_Reset, Reset, new HandleSlot(HandleKind.Pcr, AuthRole.User)) { Nv = true },
    ];

    private static void Read(CommandContext context)
    {
        IReadOnlyList<PcrSelection> selections = PcrSelection.ReadList(context.In.Parameter(1));
        context.In.End();
        List<byte[]> values = [];
        List<PcrSelection> read = [];
        foreach (PcrSelection selection in selections)
        {
            byte[] taken = new byte[selection.Select.Length];
            foreach (int pcr in selection.Indices.Where(_ => context.Tpm.Pcr.HasBank(selection.Hash)))
            {
                if (values.Count < MaxDigests)
                {
                    values.Add(context.Tpm.Pcr.Read(selection.Hash, pcr));
                    taken[pcr / 8] |= (byte)(1 << (pcr % 8));
                }
            }

            read.Add(selection with { Select = taken });
        }

        context.Out.UInt32(context.Tpm.Pcr.UpdateCounter);
        PcrSelection.WriteList(context.Out, read);
        context.Out.UInt32((uint)values.Count);
        foreach (byte[] value in values)
        {
            context.Out.Sized(value);
        }
    }

    private static void Extend(CommandContext context)
    {
        IReadOnlyList<(TPM_ALG_ID Hash, byte[] Digest)> digests = ReadDigests(context.In.Parameter(1));
        context.In.End();
        if (context.Handle(1) == TPM_RH_NULL)
        {
            return;
        }

        PcrBanks.RequireExtendable(context.Handle(1), context.Locality);
        foreach ((TPM_ALG_ID hash, byte[] digest) in digests)
        {
            context.Tpm.Pcr.ExtendAndCount(hash, (int)context.Handle(1), digest);
        }
    }

    private static void Event(CommandContext context)
    {
        byte[] data = context.In.Parameter(1).Sized(Limits.MaxBuffer);
        context.In.End();
        if (context.Handle(1) != TPM_RH_NULL)
        {
            PcrBanks.RequireExtendable(context.Handle(1), context.Locality);
        }

        WriteEvent(context, context.Handle(1), data);
    }

    /// <summary>Extends <paramref name="pcr"/> (unless it is TPM_RH_NULL) in every bank with the digest of
    /// <paramref name="data"/>, and writes the digests as a TPML_DIGEST_VALUES.</summary>
    public static void WriteEvent(CommandContext context, uint pcr, byte[] data)
    {
        context.Out.UInt32((uint)PcrBanks.Algorithms.Count);
        foreach (TPM_ALG_ID hash in PcrBanks.Algorithms)
        {
            byte[] digest = Hash.Digest(hash, data);
            if (pcr != TPM_RH_NULL)
            {
                context.Tpm.Pcr.ExtendAndCount(hash, (int)pcr, digest);
            }

            context.Out.Algorithm(hash).Bytes(digest);
        }
    }

    private static void Reset(CommandContext context)
    {
        context.In.End();
        PcrBanks.RequireResettable(context.Handle(1), context.Locality);
        context.Tpm.Pcr.ResetOne((int)context.Handle(1));
    }

    private static List<(TPM_ALG_ID Hash, byte[] Digest)> ReadDigests(TpmReader reader)
    {
        uint count = reader.UInt32();
        if (count > Hash.Algorithms.Length)
        {
            throw reader.Fail(TPM_RC_SIZE);
        }

        List<(TPM_ALG_ID Hash, byte[] Digest)> digests = [];
        for (uint left = count; left > 0; left--)
        {
            TPM_ALG_ID hash = SchemeDef.ReadHash(reader);
            digests.Add((hash, reader.Bytes(Hash.Size(hash))));
        }

        return digests;
    }
}
