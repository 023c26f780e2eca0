using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using System.Security.Principal;

namespace SecureAgent.Cli.Hosting;

/// <content>The search for libraries, crash reports, and who may open the process.</content>
internal static partial class ProcessHardening
{
    private const uint LOAD_LIBRARY_SEARCH_SYSTEM32 = 0x0800;
    private const uint SEM_FAILCRITICALERRORS = 0x0001;
    private const uint SEM_NOGPFAULTERRORBOX = 0x0002;
    private const uint WER_FAULT_REPORTING_FLAG_NOHEAP = 1;
    private const uint SDDL_REVISION_1 = 1;
    private const uint DACL_SECURITY_INFORMATION = 0x0000_0004;
    private const uint PROTECTED_DACL_SECURITY_INFORMATION = 0x8000_0000;

    [SupportedOSPlatform("windows")]
    private static void ApplyWindows(List<string> weaknesses)
    {
        if (!SetDefaultDllDirectories(LOAD_LIBRARY_SEARCH_SYSTEM32))
        {
            weaknesses.Add("libraries may be loaded from other directories than Windows' own: "
                + Marshal.GetLastPInvokeErrorMessage());
        }

        _ = SetErrorMode(SEM_FAILCRITICALERRORS | SEM_NOGPFAULTERRORBOX);
        if (WerSetFlags(WER_FAULT_REPORTING_FLAG_NOHEAP) is int result && result != 0)
        {
            weaknesses.Add($"a crash report may hold the agent's memory: WerSetFlags failed with 0x{result:X8}");
        }

        if (RestrictAccess() is string problem)
        {
            weaknesses.Add($"other programs of this user may read the agent's memory: {problem}");
        }

        // Its pipe is open to the user's programs whatever the process's own access list says.
        if (RuntimeFeature.IsDynamicCodeSupported
            && Environment.GetEnvironmentVariable("DOTNET_EnableDiagnostics") != "0")
        {
            weaknesses.Add("other programs of this user may read the agent's memory through .NET's diagnostics pipe: "
                + "set DOTNET_EnableDiagnostics=0 before the agent starts");
        }
    }

    /// <summary>Puts <see cref="ProcessAccess"/> on this process.</summary>
    /// <returns>Why not, or <see langword="null"/>.</returns>
    [SupportedOSPlatform("windows")]
    private static string? RestrictAccess()
    {
        using WindowsIdentity user = WindowsIdentity.GetCurrent();
        if (!ConvertStringSecurityDescriptorToSecurityDescriptorW(
            ProcessAccess.Descriptor(user.User!.Value), SDDL_REVISION_1, out nint descriptor, 0))
        {
            return Marshal.GetLastPInvokeErrorMessage();
        }

        bool isSet = SetKernelObjectSecurity(
            GetCurrentProcess(), DACL_SECURITY_INFORMATION | PROTECTED_DACL_SECURITY_INFORMATION, descriptor);
        string? problem = isSet ? null : Marshal.GetLastPInvokeErrorMessage();
        _ = LocalFree(descriptor);
        return problem;
    }

    [LibraryImport("kernel32", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    [SupportedOSPlatform("windows")]
    [return: MarshalAs(UnmanagedType.Bool)]
    private static partial bool SetDefaultDllDirectories(uint flags);

    [LibraryImport("kernel32")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    [SupportedOSPlatform("windows")]
    private static partial uint SetErrorMode(uint mode);

    [LibraryImport("kernel32")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    [SupportedOSPlatform("windows")]
    private static partial int WerSetFlags(uint flags);

    [LibraryImport("kernel32")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    [SupportedOSPlatform("windows")]
    private static partial nint GetCurrentProcess();

    [LibraryImport("kernel32")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    [SupportedOSPlatform("windows")]
    private static partial nint LocalFree(nint memory);

    [LibraryImport("advapi32", SetLastError = true, StringMarshalling = StringMarshalling.Utf16)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    [SupportedOSPlatform("windows")]
    [return: MarshalAs(UnmanagedType.Bool)]
    private static partial bool ConvertStringSecurityDescriptorToSecurityDescriptorW(
        string text, uint revision, out nint descriptor, nint size);

    [LibraryImport("advapi32", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    [SupportedOSPlatform("windows")]
    [return: MarshalAs(UnmanagedType.Bool)]
    private static partial bool SetKernelObjectSecurity(nint handle, uint information, nint descriptor);
}
