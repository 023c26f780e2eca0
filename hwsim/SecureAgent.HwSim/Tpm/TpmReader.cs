using System.Buffers.Binary;

namespace SecureAgent.HwSim.Tpm;

/// <summary>Reads TPM structures. Every failure is a <see cref="TpmError"/> that carries the number of the parameter being read.</summary>
internal sealed class TpmReader
{
    private readonly byte[] _data;
    private int _position;
    private readonly int _end;
    private int _parameter;

    /// <summary>Reads all of <paramref name="data"/>; errors carry no parameter number until <see cref="Parameter"/>.</summary>
    public TpmReader(byte[] data) : this(data, 0, data.Length)
    {
    }

    /// <summary>Reads a part of <paramref name="data"/>.</summary>
    public TpmReader(byte[] data, int offset, int length)
    {
        _data = data;
        _position = offset;
        _end = offset + length;
    }

    /// <summary>Octets not yet read.</summary>
    public int Remaining => _end - _position;

    /// <summary>Names the parameter that is read next, counted from 1, for the response code of a failure.</summary>
    public TpmReader Parameter(int number)
    {
        _parameter = number;
        return this;
    }

    /// <summary>The error <paramref name="code"/> for the parameter being read.</summary>
    public TpmError Fail(TPM_RC code) => _parameter == 0 ? code.Error() : code.Parameter(_parameter);

    /// <summary>Nothing may follow the last parameter.</summary>
    public void End()
    {
        if (Remaining != 0)
        {
            throw TPM_RC_SIZE.Error();
        }
    }

    /// <summary>One octet.</summary>
    public byte UInt8() => Take(1)[0];

    /// <summary>A big-endian UINT16.</summary>
    public ushort UInt16() => BinaryPrimitives.ReadUInt16BigEndian(Take(2));

    /// <summary>A big-endian UINT32.</summary>
    public uint UInt32() => BinaryPrimitives.ReadUInt32BigEndian(Take(4));

    /// <summary>A big-endian UINT64.</summary>
    public ulong UInt64() => BinaryPrimitives.ReadUInt64BigEndian(Take(8));

    /// <summary>A TPMI_YES_NO: anything but 0 and 1 is TPM_RC_VALUE.</summary>
    public bool YesNo()
    {
        byte value = UInt8();
        return value <= 1 ? value == 1 : throw Fail(TPM_RC_VALUE);
    }

    /// <summary><paramref name="length"/> octets as they are.</summary>
    public byte[] Bytes(int length) => Take(length).ToArray();

    /// <summary>All octets that are left.</summary>
    public byte[] Rest() => Take(Remaining).ToArray();

    /// <summary>A TPM2B of at most <paramref name="max"/> octets; more is TPM_RC_SIZE.</summary>
    public byte[] Sized(int max)
    {
        int length = UInt16();
        if (length > max)
        {
            throw Fail(TPM_RC_SIZE);
        }

        return Take(length).ToArray();
    }

    /// <summary>A TPM2B that holds a structure: what <paramref name="read"/> leaves over, or an empty one, is TPM_RC_SIZE.</summary>
    public T SizedStructure<T>(Func<TpmReader, T> read)
    {
        int length = UInt16();
        return length == 0 ? throw Fail(TPM_RC_SIZE) : Structure(length, read);
    }

    /// <summary>A TPM2B that holds a structure, or nothing.</summary>
    public T? SizedStructureOrEmpty<T>(Func<TpmReader, T> read)
        where T : class
    {
        int length = UInt16();
        return length == 0 ? null : Structure(length, read);
    }

    private T Structure<T>(int length, Func<TpmReader, T> read)
    {
        // As the reference implementation: the structure is parsed from all that is left and its length compared afterwards.
        int start = _position;
        T value = read(this);
        return _position - start == length ? value : throw Fail(TPM_RC_SIZE);
    }

    private ReadOnlySpan<byte> Take(int length)
    {
        if (length > Remaining)
        {
            throw Fail(TPM_RC_INSUFFICIENT);
        }

        ReadOnlySpan<byte> taken = _data.AsSpan(_position, length);
        _position += length;
        return taken;
    }
}
