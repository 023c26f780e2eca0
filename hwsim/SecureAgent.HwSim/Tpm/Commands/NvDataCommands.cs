using System.Buffers.Binary;

namespace SecureAgent.HwSim.Tpm.Commands;

/// <summary>Part 3, 31: reading and changing what NV indices hold.</summary>
internal static class NvDataCommands
{
    /// <summary>The commands of this file.</summary>
    public static IEnumerable<CommandDefinition> All =>
    [
        new(TPM_CC_NV_Write, Write, Authority, Index) { DecryptFirst = true, Nv = true },
        new(TPM_CC_NV_Increment, Increment, Authority, Index) { Nv = true },
        new(TPM_CC_NV_Extend, Extend, Authority, Index) { DecryptFirst = true, Nv = true },
        new(TPM_CC_NV_SetBits, SetBits, Authority, Index) { Nv = true },
        new(TPM_CC_NV_Read, Read, Authority, Index) { EncryptFirst = true },
    ];

    private static HandleSlot Authority => new(HandleKind.NvAuth, AuthRole.User);

    private static HandleSlot Index => new(HandleKind.NvIndex);

    private static void Write(CommandContext context)
    {
        byte[] data = context.In.Parameter(1).Sized(Limits.MaxBuffer);
        ushort offset = context.In.Parameter(2).UInt16();
        context.In.End();
        NvIndex index = Writable(context);
        if (index.Type is TPM_NT.TPM_NT_COUNTER or TPM_NT.TPM_NT_BITS or TPM_NT.TPM_NT_EXTEND)
        {
            throw TPM_RC_ATTRIBUTES.Error();
        }

        if (offset > index.DataSize)
        {
            throw TPM_RC_VALUE.Parameter(2);
        }

        if (data.Length > index.DataSize - offset || (index.Has(TPMA_NV.WRITEALL) && data.Length < index.DataSize))
        {
            throw TPM_RC_NV_RANGE.Error();
        }

        data.CopyTo(index.Data, offset);
        Written(context, index);
    }

    private static void Increment(CommandContext context)
    {
        context.In.End();
        NvIndex index = Writable(context);
        Require(index, TPM_NT.TPM_NT_COUNTER);
        ulong value = index.Has(TPMA_NV.WRITTEN) ? index.Number : context.Tpm.Nv.HighestCounter;
        WriteNumber(index, value + 1);
        Written(context, index);
    }

    private static void Extend(CommandContext context)
    {
        byte[] data = context.In.Parameter(1).Sized(Limits.MaxBuffer);
        context.In.End();
        NvIndex index = Writable(context);
        Require(index, TPM_NT.TPM_NT_EXTEND);
        byte[] old = index.Has(TPMA_NV.WRITTEN) ? index.Data : new byte[index.DataSize];
        index.Data = Hash.Digest(index.NameAlg, old, data);
        Written(context, index);
    }

    private static void SetBits(CommandContext context)
    {
        ulong bits = context.In.Parameter(1).UInt64();
        context.In.End();
        NvIndex index = Writable(context);
        Require(index, TPM_NT.TPM_NT_BITS);
        WriteNumber(index, (index.Has(TPMA_NV.WRITTEN) ? index.Number : 0) | bits);
        Written(context, index);
    }

    private static void Read(CommandContext context)
    {
        ushort size = context.In.Parameter(1).UInt16();
        ushort offset = context.In.Parameter(2).UInt16();
        context.In.End();
        NvIndex index = context.Tpm.Nv.Get(context.Handle(2));
        if (NvAccess.Read(context, index) is TPM_RC refusal)
        {
            throw refusal.Error();
        }

        if (size > Limits.MaxBuffer)
        {
            throw TPM_RC_VALUE.Parameter(1);
        }

        if (offset > index.DataSize)
        {
            throw TPM_RC_VALUE.Parameter(2);
        }

        if (size > index.DataSize - offset)
        {
            throw TPM_RC_NV_RANGE.Error();
        }

        context.Out.Sized(index.Data.AsSpan(offset, size));
    }

    private static NvIndex Writable(CommandContext context)
    {
        NvIndex index = context.Tpm.Nv.Get(context.Handle(2));
        return NvAccess.Write(context, index) is TPM_RC refusal ? throw refusal.Error() : index;
    }

    private static void Require(NvIndex index, TPM_NT type)
    {
        if (index.Type != type)
        {
            throw TPM_RC_ATTRIBUTES.Handle(2);
        }
    }

    private static void WriteNumber(NvIndex index, ulong value) =>
        BinaryPrimitives.WriteUInt64BigEndian(index.Data, value);

    private static void Written(CommandContext context, NvIndex index)
    {
        index.Attributes |= TPMA_NV.WRITTEN;
        context.Tpm.Persistent.Touch();
    }
}
