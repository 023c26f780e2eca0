using System.Runtime.InteropServices;
using SecureAgent.Core;

namespace SecureAgent.Backends.Memory;

/// <summary>Memory straight from the operating system: locked against paging, left out of core dumps, and given back
/// when the secret is disposed. Each secret has pages of its own. Where locking is not allowed it still works, and
/// <see cref="Weakness"/> says why it is weaker.</summary>
public sealed partial class LockedMemory : ISecretMemory
{
    private const int LargestSizeBytes = 1024 * 1024;

    private string? _weakness;

    /// <inheritdoc/>
    public string? Weakness => Volatile.Read(ref _weakness);

    /// <inheritdoc/>
    public Secret Allocate(int sizeBytes)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(sizeBytes);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(sizeBytes, LargestSizeBytes);
        int pages = (sizeBytes + Environment.SystemPageSize - 1) / Environment.SystemPageSize;
        nuint mappedBytes = (nuint)pages * (nuint)Environment.SystemPageSize;
        return OperatingSystem.IsWindows()
            ? AllocateWindows(sizeBytes, mappedBytes)
            : AllocateUnix(sizeBytes, mappedBytes);
    }

    private Secret AllocateUnix(int sizeBytes, nuint mappedBytes)
    {
        int flags = MAP_PRIVATE | (OperatingSystem.IsMacOS() ? MAP_ANON_MACOS : MAP_ANONYMOUS_LINUX);
        nint address = MemoryMap(0, mappedBytes, PROT_READ | PROT_WRITE, flags, -1, 0);
        if (address == MAP_FAILED)
        {
            throw new InsufficientMemoryException(
                $"No memory for a secret of {sizeBytes} bytes: {Marshal.GetLastPInvokeErrorMessage()}.");
        }

        if (MemoryLock(address, mappedBytes) != 0)
        {
            Volatile.Write(ref _weakness, "secrets may reach the swap space: mlock failed with "
                + $"\"{Marshal.GetLastPInvokeErrorMessage()}\"; raise the limit (ulimit -l, LimitMEMLOCK=)");
        }

        // Best effort: old kernels lack the advice, and the process forbids core dumps as a whole where it can.
        if (OperatingSystem.IsLinux())
        {
            _ = MemoryAdvise(address, mappedBytes, MADV_DONTDUMP);
            _ = MemoryAdvise(address, mappedBytes, MADV_WIPEONFORK);
        }

        return new Secret(address, sizeBytes, released => _ = MemoryUnmap(released, mappedBytes));
    }

    private const int PROT_READ = 1;
    private const int PROT_WRITE = 2;
    private const int MAP_PRIVATE = 2;
    private const int MAP_ANONYMOUS_LINUX = 0x20;
    private const int MAP_ANON_MACOS = 0x1000;
    private const int MADV_DONTDUMP = 16;
    private const int MADV_WIPEONFORK = 18;
    private const nint MAP_FAILED = -1;

    [LibraryImport("libc", EntryPoint = "mmap", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    private static partial nint MemoryMap(nint address, nuint length, int protection, int flags, int file, nint offset);

    [LibraryImport("libc", EntryPoint = "mlock", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    private static partial int MemoryLock(nint address, nuint length);

    [LibraryImport("libc", EntryPoint = "madvise")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    private static partial int MemoryAdvise(nint address, nuint length, int advice);

    [LibraryImport("libc", EntryPoint = "munmap")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    private static partial int MemoryUnmap(nint address, nuint length);
}
