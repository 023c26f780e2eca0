using System.Runtime.InteropServices;
using System.Runtime.Versioning;

namespace SecureAgent.Cli.Desktop;

/// <summary>Changes of the session (wtsapi32.h).</summary>
[SupportedOSPlatform("windows")]
internal static partial class Wtsapi32
{
    /// <summary>Only the session that this process is in.</summary>
    public const uint NOTIFY_FOR_THIS_SESSION = 0;

    [LibraryImport("wtsapi32", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    [return: MarshalAs(UnmanagedType.Bool)]
    public static partial bool WTSRegisterSessionNotification(nint window, uint flags);

    [LibraryImport("wtsapi32")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    [return: MarshalAs(UnmanagedType.Bool)]
    public static partial bool WTSUnRegisterSessionNotification(nint window);
}
