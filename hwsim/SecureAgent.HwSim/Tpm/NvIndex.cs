using System.Buffers.Binary;

namespace SecureAgent.HwSim.Tpm;

/// <summary>One NV index: its TPMS_NV_PUBLIC, its authValue and its data.</summary>
internal sealed class NvIndex
{
    /// <summary>What memory holds where nothing was written.</summary>
    public const byte ErasedOctet = 0xFF;

    /// <summary>The handle.</summary>
    public required uint Index { get; init; }

    /// <summary>The hash of the Name and of TPM2_NV_Extend.</summary>
    public required TPM_ALG_ID NameAlg { get; init; }

    /// <summary>The attributes; TPMA_NV.WRITTEN once there is data.</summary>
    public required TPMA_NV Attributes { get; set; }

    /// <summary>authPolicy.</summary>
    public required byte[] AuthPolicy { get; init; }

    /// <summary>The data's size.</summary>
    public required ushort DataSize { get; init; }

    /// <summary>The authValue, without trailing zeros.</summary>
    public required byte[] AuthValue { get; set; }

    /// <summary>The data, <see cref="DataSize"/> octets.</summary>
    public required byte[] Data { get; set; }

    /// <summary>The Name: it changes with the attributes.</summary>
    public byte[] Name
    {
        get
        {
            TpmWriter writer = new();
            WritePublic(writer);
            return Bytes.Concat(Bytes.UInt16((ushort)NameAlg), Hash.Digest(NameAlg, writer.ToArray()));
        }
    }

    /// <summary>What it holds.</summary>
    public TPM_NT Type => (TPM_NT)(((uint)Attributes >> 4) & 0xF);

    /// <summary>TPM_NT_COUNTER.</summary>
    public bool IsCounter => Type == TPM_NT.TPM_NT_COUNTER;

    /// <summary>The data of a counter or of bits.</summary>
    public ulong Number => BinaryPrimitives.ReadUInt64BigEndian(Data);

    /// <summary>Whether <paramref name="attribute"/> is set.</summary>
    public bool Has(TPMA_NV attribute) => (Attributes & attribute) != 0;

    /// <summary>Writes the TPMS_NV_PUBLIC.</summary>
    public void WritePublic(TpmWriter writer) => writer.UInt32(Index).Algorithm(NameAlg).UInt32((uint)Attributes)
        .Sized(AuthPolicy).UInt16(DataSize);

    /// <summary>Writes all of it, for the state file.</summary>
    public void Save(TpmWriter writer)
    {
        WritePublic(writer);
        writer.Sized(AuthValue).Sized(Data);
    }

    /// <summary>Reads what <see cref="Save"/> wrote.</summary>
    public static NvIndex Restore(TpmReader reader) => new()
    {
        Index = reader.UInt32(),
        NameAlg = SchemeDef.ReadHash(reader),
        Attributes = (TPMA_NV)reader.UInt32(),
        AuthPolicy = reader.Sized(Hash.MaxSize),
        DataSize = reader.UInt16(),
        AuthValue = reader.Sized(Hash.MaxSize),
        Data = reader.Sized(ushort.MaxValue),
    };
}
