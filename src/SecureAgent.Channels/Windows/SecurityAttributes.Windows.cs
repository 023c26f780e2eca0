using System.ComponentModel;
using System.Runtime.InteropServices;
using System.Runtime.Versioning;

namespace SecureAgent.Channels.Windows;

/// <summary>A SECURITY_ATTRIBUTES with a descriptor made from SDDL, for a call that creates something. The handle is
/// not inherited by children.</summary>
[SupportedOSPlatform("windows")]
public sealed partial class SecurityAttributes : SafeHandle
{
    private const uint SDDL_REVISION_1 = 1;

    private readonly nint _descriptor;

    /// <summary>Builds it.</summary>
    /// <param name="sddl">The descriptor as text.</param>
    /// <exception cref="Win32Exception">The system does not take it.</exception>
    public SecurityAttributes(string sddl) : base(0, ownsHandle: true)
    {
        if (!ConvertStringSecurityDescriptorToSecurityDescriptor(sddl, SDDL_REVISION_1, out _descriptor, 0))
        {
            throw new Win32Exception(Marshal.GetLastPInvokeError());
        }

        Layout layout = new() { Length = Marshal.SizeOf<Layout>(), Descriptor = _descriptor };
        SetHandle(Marshal.AllocHGlobal(layout.Length));
        Marshal.StructureToPtr(layout, handle, fDeleteOld: false);
    }

    /// <inheritdoc/>
    public override bool IsInvalid => handle == 0;

    /// <summary>The descriptor alone, self-relative; valid as long as this is not disposed.</summary>
    public nint Descriptor => _descriptor;

    /// <inheritdoc/>
    protected override bool ReleaseHandle()
    {
        Marshal.FreeHGlobal(handle);
        return LocalFree(_descriptor) == 0;
    }

    [LibraryImport("advapi32", EntryPoint = "ConvertStringSecurityDescriptorToSecurityDescriptorW",
        SetLastError = true, StringMarshalling = StringMarshalling.Utf16)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    [return: MarshalAs(UnmanagedType.Bool)]
    private static partial bool ConvertStringSecurityDescriptorToSecurityDescriptor(
        string text, uint revision, out nint descriptor, nint size);

    [LibraryImport("kernel32")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    private static partial nint LocalFree(nint memory);

    [StructLayout(LayoutKind.Sequential)]
    private struct Layout
    {
        public int Length;
        public nint Descriptor;
        public int InheritHandle;
    }
}
