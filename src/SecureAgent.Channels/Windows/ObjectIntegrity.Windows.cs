using System.Globalization;
using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using System.Security.Principal;

namespace SecureAgent.Channels.Windows;

/// <summary>Reads the integrity level of a kernel object, which is that of the process that made it: a browser's
/// sandbox runs as its user, but at low integrity.</summary>
[SupportedOSPlatform("windows")]
public static partial class ObjectIntegrity
{
    /// <summary>The level of ordinary processes, SECURITY_MANDATORY_MEDIUM_RID.</summary>
    public const uint Medium = 0x2000;

    private const int SE_KERNEL_OBJECT = 6;
    private const uint LABEL_SECURITY_INFORMATION = 0x10;
    private const byte SYSTEM_MANDATORY_LABEL_ACE_TYPE = 0x11;
    private const int SidOffset = 8; // SYSTEM_MANDATORY_LABEL_ACE: header, mask, SID.

    /// <summary>The level, as the last part of its SID <c>S-1-16-…</c>.</summary>
    /// <param name="handle">A handle with READ_CONTROL.</param>
    /// <returns><see cref="Medium"/> if the object has no label, which is what the system takes it for; 0 if it cannot
    /// be read.</returns>
    public static uint Of(SafeHandle handle)
    {
        if (GetSecurityInfo(handle, SE_KERNEL_OBJECT, LABEL_SECURITY_INFORMATION, 0, 0, 0, out nint labels,
            out nint descriptor) != 0)
        {
            return 0;
        }

        try
        {
            if (labels == 0 || !GetAce(labels, 0, out nint entry)
                || Marshal.ReadByte(entry) != SYSTEM_MANDATORY_LABEL_ACE_TYPE)
            {
                return Medium;
            }

            string sid = new SecurityIdentifier(entry + SidOffset).Value;
            return uint.Parse(sid.AsSpan(sid.LastIndexOf('-') + 1), CultureInfo.InvariantCulture);
        }
        finally
        {
            _ = LocalFree(descriptor);
        }
    }

    [LibraryImport("advapi32")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    private static partial uint GetSecurityInfo(SafeHandle handle, int objectType, uint information, nint owner,
        nint group, nint dacl, out nint sacl, out nint descriptor);

    [LibraryImport("advapi32")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    [return: MarshalAs(UnmanagedType.Bool)]
    private static partial bool GetAce(nint acl, uint index, out nint entry);

    [LibraryImport("kernel32")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    private static partial nint LocalFree(nint memory);
}
