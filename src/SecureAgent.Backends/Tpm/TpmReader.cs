using System.Buffers.Binary;

namespace SecureAgent.Backends.Tpm;

/// <summary>Reads TPM structures: big-endian, sizes checked before anything is taken.</summary>
internal ref struct TpmReader
{
    private ReadOnlySpan<byte> _rest;

    /// <summary>Reads <paramref name="bytes"/> from their start.</summary>
    public TpmReader(ReadOnlySpan<byte> bytes) => _rest = bytes;

    /// <summary>The bytes not read yet.</summary>
    public readonly ReadOnlySpan<byte> Rest => _rest;

    /// <summary>Takes <paramref name="count"/> bytes.</summary>
    /// <exception cref="TpmException">Fewer are left.</exception>
    public ReadOnlySpan<byte> ReadBytes(int count)
    {
        if (count > _rest.Length || count < 0)
        {
            throw new TpmException("A TPM structure ends before its content does.");
        }

        ReadOnlySpan<byte> taken = _rest[..count];
        _rest = _rest[count..];
        return taken;
    }

    /// <summary>Takes a UINT8.</summary>
    public byte ReadUInt8() => ReadBytes(1)[0];

    /// <summary>Takes a UINT16.</summary>
    public ushort ReadUInt16() => BinaryPrimitives.ReadUInt16BigEndian(ReadBytes(2));

    /// <summary>Takes a UINT32.</summary>
    public uint ReadUInt32() => BinaryPrimitives.ReadUInt32BigEndian(ReadBytes(4));

    /// <summary>Takes a UINT64.</summary>
    public ulong ReadUInt64() => BinaryPrimitives.ReadUInt64BigEndian(ReadBytes(8));

    /// <summary>Takes an algorithm identifier.</summary>
    public TPM_ALG ReadAlg() => (TPM_ALG)ReadUInt16();

    /// <summary>Takes a TPM2B: a UINT16 size and that many bytes, which are returned.</summary>
    public ReadOnlySpan<byte> ReadTpm2B() => ReadBytes(ReadUInt16());

    /// <summary>Checks that everything was read.</summary>
    /// <exception cref="TpmException">Bytes are left.</exception>
    public readonly void End()
    {
        if (_rest.Length != 0)
        {
            throw new TpmException("A TPM structure goes on after its content.");
        }
    }
}
