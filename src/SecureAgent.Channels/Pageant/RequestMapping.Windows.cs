using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using Microsoft.Win32.SafeHandles;
using SecureAgent.Channels.Windows;

namespace SecureAgent.Channels.Pageant;

/// <summary>The file mapping in which a client put its request and awaits the answer. The client can change it at any
/// time: nothing is read from it twice.</summary>
[SupportedOSPlatform("windows")]
internal sealed partial class RequestMapping : IDisposable
{
    private const uint FILE_MAP_WRITE = 2;
    private const uint FILE_MAP_READ = 4;
    private const uint READ_CONTROL = 0x20000;
    private const uint MEM_COMMIT = 0x1000;
    private const uint PAGE_READWRITE = 4;

    private readonly SafeMemoryMappedViewHandle _view;

    private RequestMapping(SafeMemoryMappedViewHandle view, int sizeBytes) => (_view, SizeBytes) = (view, sizeBytes);

    /// <summary>What the system mapped: the client's size, rounded up to pages.</summary>
    public int SizeBytes { get; }

    /// <summary>Room for the body of an answer.</summary>
    public int MaxBodySizeBytes => SizeBytes - PageantProtocol.PrefixSizeBytes;

    /// <summary>Opens a mapping of this user's.</summary>
    /// <param name="name">Its name, as <see cref="PageantProtocol.IsMappingName"/> takes it.</param>
    /// <param name="refusal">Why it was not opened, as the end of a sentence.</param>
    public static RequestMapping? Open(ReadOnlySpan<byte> name, out string refusal)
    {
        using SafeMemoryMappedFileHandle mapping =
            OpenFileMapping(FILE_MAP_READ | FILE_MAP_WRITE | READ_CONTROL, 0, name);
        if (mapping.IsInvalid)
        {
            refusal = $"its file mapping cannot be opened: {Marshal.GetLastPInvokeErrorMessage()}";
            return null;
        }

        WindowsUser user = WindowsUser.Current;
        string? owner = ObjectOwner.Of(mapping);
        if (!PageantProtocol.IsTrustedOwner(owner, user.Sid, user.OwnerSid))
        {
            refusal = owner is null
                ? "nobody owns its file mapping" : $"its file mapping belongs to {owner}, which is not you";
            return null;
        }

        if (ObjectIntegrity.Of(mapping) < ObjectIntegrity.Medium)
        {
            refusal = "it runs at low integrity, as a browser's sandbox does";
            return null;
        }

        SafeMemoryMappedViewHandle view = MapViewOfFile(mapping, FILE_MAP_READ | FILE_MAP_WRITE, 0, 0, 0);
        if (!view.IsInvalid && SizeOf(view) is >= PageantProtocol.MinMappingSizeBytes and var size)
        {
            view.Initialize((ulong)size);
            refusal = "";
            return new RequestMapping(view, size);
        }

        view.Dispose();
        refusal = "its file mapping cannot be mapped, or not written to";
        return null;
    }

    /// <summary>Copies the request out.</summary>
    /// <param name="length">Length of its body.</param>
    /// <returns>Its body, from <see cref="PinnedPool"/>; <see langword="null"/> if its length is impossible.</returns>
    public byte[]? Read(out int length)
    {
        Span<byte> prefix = stackalloc byte[PageantProtocol.PrefixSizeBytes];
        _view.ReadSpan(0, prefix);
        uint claimed = BinaryPrimitives.ReadUInt32BigEndian(prefix);
        if (!PageantProtocol.CanHold(SizeBytes, claimed))
        {
            length = 0;
            return null;
        }

        length = (int)claimed;
        byte[] body = PinnedPool.Rent(length);
        _view.ReadSpan(PageantProtocol.PrefixSizeBytes, body.AsSpan(0, length));
        return body;
    }

    /// <summary>Puts the answer in the place of the request.</summary>
    /// <param name="body">At most <see cref="MaxBodySizeBytes"/>.</param>
    public void Write(ReadOnlySpan<byte> body)
    {
        Span<byte> prefix = stackalloc byte[PageantProtocol.PrefixSizeBytes];
        BinaryPrimitives.WriteInt32BigEndian(prefix, body.Length);
        _view.WriteSpan(PageantProtocol.PrefixSizeBytes, body);
        _view.WriteSpan(0, (ReadOnlySpan<byte>)prefix);
    }

    /// <inheritdoc/>
    public void Dispose() => _view.Dispose();

    /// <summary>The pages from the start that can be written; a client may map some that cannot.</summary>
    private static int SizeOf(SafeMemoryMappedViewHandle view) =>
        VirtualQuery(view, out MemoryBasicInformation information, (nuint)Marshal.SizeOf<MemoryBasicInformation>()) != 0
        && information.State == MEM_COMMIT && information.Protect == PAGE_READWRITE
            ? (int)Math.Min(information.RegionSize, int.MaxValue)
            : 0;

    [LibraryImport("kernel32", EntryPoint = "OpenFileMappingA", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    private static partial SafeMemoryMappedFileHandle OpenFileMapping(
        uint access, int inherit, ReadOnlySpan<byte> name);

    [LibraryImport("kernel32", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    private static partial SafeMemoryMappedViewHandle MapViewOfFile(
        SafeMemoryMappedFileHandle mapping, uint access, uint offsetHigh, uint offsetLow, nuint size);

    [LibraryImport("kernel32", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    private static partial nuint VirtualQuery(
        SafeMemoryMappedViewHandle address, out MemoryBasicInformation information, nuint size);

    /// <summary>MEMORY_BASIC_INFORMATION.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct MemoryBasicInformation
    {
        public nint BaseAddress;
        public nint AllocationBase;
        public uint AllocationProtect;
        public nuint RegionSize;
        public uint State;
        public uint Protect;
        public uint Type;
    }
}
