using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using SecureAgent.Core;

namespace SecureAgent.Backends.Memory;

/// <content>VirtualAlloc and VirtualLock.</content>
public sealed partial class LockedMemory
{
    private const uint MEM_COMMIT = 0x1000;
    private const uint MEM_RESERVE = 0x2000;
    private const uint MEM_RELEASE = 0x8000;
    private const uint PAGE_READWRITE = 0x04;

    [SupportedOSPlatform("windows")]
    private Secret AllocateWindows(int sizeBytes, nuint mappedBytes)
    {
        nint address = VirtualAlloc(0, mappedBytes, MEM_COMMIT | MEM_RESERVE, PAGE_READWRITE);
        if (address == 0)
        {
            throw new InsufficientMemoryException(
                $"No memory for a secret of {sizeBytes} bytes: {Marshal.GetLastPInvokeErrorMessage()}.");
        }

        if (!VirtualLock(address, mappedBytes))
        {
            Volatile.Write(ref _weakness, "secrets may reach the page file: VirtualLock failed with "
                + $"\"{Marshal.GetLastPInvokeErrorMessage()}\"");
        }

        // MEM_RELEASE takes the whole reservation, whose size must then be given as zero; it unlocks the pages too.
        return new Secret(address, sizeBytes, released => _ = VirtualFree(released, 0, MEM_RELEASE));
    }

    [LibraryImport("kernel32", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    [SupportedOSPlatform("windows")]
    private static partial nint VirtualAlloc(nint address, nuint size, uint allocationType, uint protection);

    [LibraryImport("kernel32", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    [SupportedOSPlatform("windows")]
    [return: MarshalAs(UnmanagedType.Bool)]
    private static partial bool VirtualLock(nint address, nuint size);

    [LibraryImport("kernel32", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    [SupportedOSPlatform("windows")]
    [return: MarshalAs(UnmanagedType.Bool)]
    private static partial bool VirtualFree(nint address, nuint size, uint freeType);
}
