using System.Runtime.InteropServices;
using System.Runtime.Versioning;

namespace SecureAgent.Cli.Desktop;

/// <summary>Fonts (wingdi.h).</summary>
[SupportedOSPlatform("windows")]
internal static partial class Gdi32
{
    private const string Library = "gdi32";

    [LibraryImport(Library)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    public static partial nint CreateFontIndirectW(in User32.LOGFONTW font);

    [LibraryImport(Library)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    public static partial nint SelectObject(nint deviceContext, nint gdiObject);

    [LibraryImport(Library)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    [return: MarshalAs(UnmanagedType.Bool)]
    public static partial bool DeleteObject(nint gdiObject);
}
