using System.Buffers.Binary;

namespace SecureAgent.HwSim.Tpm;

/// <summary>Writes TPM structures, big-endian.</summary>
internal sealed class TpmWriter
{
    private byte[] _data = new byte[256];

    /// <summary>Octets written.</summary>
    public int Length { get; private set; }

    /// <summary>One octet.</summary>
    public TpmWriter UInt8(byte value)
    {
        Grow(1)[0] = value;
        return this;
    }

    /// <summary>A UINT16.</summary>
    public TpmWriter UInt16(ushort value)
    {
        BinaryPrimitives.WriteUInt16BigEndian(Grow(2), value);
        return this;
    }

    /// <summary>A UINT32.</summary>
    public TpmWriter UInt32(uint value)
    {
        BinaryPrimitives.WriteUInt32BigEndian(Grow(4), value);
        return this;
    }

    /// <summary>A UINT64.</summary>
    public TpmWriter UInt64(ulong value)
    {
        BinaryPrimitives.WriteUInt64BigEndian(Grow(8), value);
        return this;
    }

    /// <summary>A TPMI_YES_NO.</summary>
    public TpmWriter YesNo(bool value) => UInt8(value ? (byte)1 : (byte)0);

    /// <summary>An algorithm identifier.</summary>
    public TpmWriter Algorithm(TPM_ALG_ID value) => UInt16((ushort)value);

    /// <summary>A structure tag.</summary>
    public TpmWriter Tag(TPM_ST value) => UInt16((ushort)value);

    /// <summary>Octets as they are.</summary>
    public TpmWriter Bytes(ReadOnlySpan<byte> value)
    {
        value.CopyTo(Grow(value.Length));
        return this;
    }

    /// <summary>A TPM2B.</summary>
    public TpmWriter Sized(ReadOnlySpan<byte> value) => UInt16(checked((ushort)value.Length)).Bytes(value);

    /// <summary>A TPM2B that holds what <paramref name="write"/> writes.</summary>
    public TpmWriter SizedStructure(Action<TpmWriter> write)
    {
        int start = Length;
        UInt16(0);
        write(this);
        BinaryPrimitives.WriteUInt16BigEndian(_data.AsSpan(start), checked((ushort)(Length - start - 2)));
        return this;
    }

    /// <summary>An owned copy of what was written.</summary>
    public byte[] ToArray() => _data.AsSpan(0, Length).ToArray();

    private Span<byte> Grow(int length)
    {
        int needed = checked(Length + length);
        if (needed > _data.Length)
        {
            Array.Resize(ref _data, Math.Max(needed, _data.Length * 2));
        }

        Span<byte> grown = _data.AsSpan(Length, length);
        Length = needed;
        return grown;
    }
}
