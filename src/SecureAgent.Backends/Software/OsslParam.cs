using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace SecureAgent.Backends.Software;

/// <summary>OSSL_PARAM(3): one named value that OpenSSL reads where it stands. A list of them ends with a zeroed
/// one.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct OsslParam
{
    private const uint OSSL_PARAM_UNSIGNED_INTEGER = 2;
    private const uint OSSL_PARAM_UTF8_STRING = 4;
    private const uint OSSL_PARAM_OCTET_STRING = 5;

    private readonly byte* _key;
    private readonly uint _dataType;
    private readonly void* _data;
    private readonly nuint _dataSize;
    private readonly nuint _returnSize;

    private OsslParam(ReadOnlySpan<byte> name, uint type, byte* data, int size)
    {
        // A u8 literal is constant data that ends with a zero.
        _key = (byte*)Unsafe.AsPointer(ref MemoryMarshal.GetReference(name));
        _dataType = type;
        _data = data;
        _dataSize = (nuint)size;
        _returnSize = nuint.MaxValue; // OSSL_PARAM_UNMODIFIED
    }

    /// <summary>A number in the machine's byte order.</summary>
    /// <param name="name">A u8 literal.</param>
    /// <param name="data">Stays where it is as long as this is used.</param>
    /// <param name="size">In bytes.</param>
    public static OsslParam Number(ReadOnlySpan<byte> name, byte* data, int size) =>
        new(name, OSSL_PARAM_UNSIGNED_INTEGER, data, size);

    /// <summary>Bytes.</summary>
    /// <param name="name">A u8 literal.</param>
    /// <param name="data">Stays where it is as long as this is used.</param>
    /// <param name="size">In bytes.</param>
    public static OsslParam Octets(ReadOnlySpan<byte> name, byte* data, int size) =>
        new(name, OSSL_PARAM_OCTET_STRING, data, size);

    /// <summary>A text.</summary>
    /// <param name="name">A u8 literal.</param>
    /// <param name="data">Stays where it is as long as this is used.</param>
    /// <param name="size">In bytes.</param>
    public static OsslParam Text(ReadOnlySpan<byte> name, byte* data, int size) =>
        new(name, OSSL_PARAM_UTF8_STRING, data, size);
}
