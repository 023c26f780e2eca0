using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using System.Security.Principal;

namespace SecureAgent.Channels.Windows;

/// <summary>Reads who owns a kernel object: a pipe, a file mapping, a process.</summary>
[SupportedOSPlatform("windows")]
public static partial class ObjectOwner
{
    private const int SE_KERNEL_OBJECT = 6;
    private const uint OWNER_SECURITY_INFORMATION = 1;

    /// <summary>The owner's SID.</summary>
    /// <param name="handle">A handle with READ_CONTROL.</param>
    /// <returns><see langword="null"/> if the object has no owner, or it may not be read; who checks an owner must
    /// refuse then.</returns>
    public static string? Of(SafeHandle handle)
    {
        if (GetSecurityInfo(handle, SE_KERNEL_OBJECT, OWNER_SECURITY_INFORMATION, out nint owner, 0, 0, 0,
            out nint descriptor) != 0)
        {
            return null;
        }

        try
        {
            return owner == 0 ? null : new SecurityIdentifier(owner).Value;
        }
        finally
        {
            _ = LocalFree(descriptor);
        }
    }

    [LibraryImport("advapi32")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    private static partial uint GetSecurityInfo(SafeHandle handle, int objectType, uint information, out nint owner,
        nint group, nint dacl, nint sacl, out nint descriptor);

    [LibraryImport("kernel32")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    private static partial nint LocalFree(nint memory);
}
