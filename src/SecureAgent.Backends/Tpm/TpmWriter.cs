using System.Buffers.Binary;

namespace SecureAgent.Backends.Tpm;

/// <summary>Writes TPM structures into a buffer of the caller: big-endian, never past its end.</summary>
internal ref struct TpmWriter
{
    private readonly Span<byte> _buffer;

    /// <summary>Writes from the start of <paramref name="buffer"/>.</summary>
    public TpmWriter(Span<byte> buffer) => _buffer = buffer;

    /// <summary>How many bytes were written.</summary>
    public int Length { get; private set; }

    /// <summary>What was written.</summary>
    public readonly Span<byte> Written => _buffer[..Length];

    /// <summary>Reserves <paramref name="count"/> bytes and returns them.</summary>
    /// <exception cref="TpmException">The buffer is full: a key file or an argument holds more than any TPM
    /// takes.</exception>
    public Span<byte> Take(int count)
    {
        if (count > _buffer.Length - Length)
        {
            throw new TpmException("The value is larger than a TPM command can be.");
        }

        Span<byte> taken = _buffer.Slice(Length, count);
        Length += count;
        return taken;
    }

    /// <summary>Writes a UINT8.</summary>
    public void WriteUInt8(byte value) => Take(1)[0] = value;

    /// <summary>Writes a UINT16.</summary>
    public void WriteUInt16(ushort value) => BinaryPrimitives.WriteUInt16BigEndian(Take(2), value);

    /// <summary>Writes a UINT32.</summary>
    public void WriteUInt32(uint value) => BinaryPrimitives.WriteUInt32BigEndian(Take(4), value);

    /// <summary>Writes an algorithm identifier.</summary>
    public void WriteAlg(TPM_ALG value) => WriteUInt16((ushort)value);

    /// <summary>Writes bytes without a size.</summary>
    public void WriteBytes(scoped ReadOnlySpan<byte> bytes) => bytes.CopyTo(Take(bytes.Length));

    /// <summary>Writes a TPM2B: a UINT16 size and the bytes.</summary>
    public void WriteTpm2B(scoped ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length > ushort.MaxValue)
        {
            throw new TpmException("The value is larger than a TPM command can be.");
        }

        WriteUInt16((ushort)bytes.Length);
        WriteBytes(bytes);
    }

    /// <summary>Reserves the size field of a TPM2B; pass the result to <see cref="EndTpm2B"/>.</summary>
    public int BeginTpm2B()
    {
        Take(2);
        return Length;
    }

    /// <summary>Fills the size field reserved by <see cref="BeginTpm2B"/>.</summary>
    public readonly void EndTpm2B(int start) =>
        BinaryPrimitives.WriteUInt16BigEndian(_buffer[(start - 2)..], checked((ushort)(Length - start)));
}
