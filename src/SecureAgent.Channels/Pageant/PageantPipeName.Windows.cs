using System.Runtime.InteropServices;
using System.Runtime.Versioning;

namespace SecureAgent.Channels.Pageant;

/// <content>Asks the system for the user's names and its secret.</content>
public static partial class PageantPipeName
{
    private const uint CRYPTPROTECTMEMORY_CROSS_PROCESS = 1;
    private const int NameUserPrincipal = 8;
    private const int MaxNameSizeBytes = 1024;

    /// <summary>CryptProtectMemory, in the place of which a test can stand.</summary>
    /// <param name="block">Encrypted in place; a multiple of 16 bytes.</param>
    /// <param name="size">Its size.</param>
    /// <param name="flags">CRYPTPROTECTMEMORY_*.</param>
    internal delegate bool ProtectMemory(Span<byte> block, uint size, uint flags);

    /// <summary>The user of this process as PuTTY writes it into the names of its objects.</summary>
    [SupportedOSPlatform("windows")]
    internal static string CurrentUserName => UserNameOf(ReadPrincipalName(), ReadAccountName());

    /// <summary>The name for the user of this process; the same until Windows starts again.</summary>
    [SupportedOSPlatform("windows")]
    public static string OfCurrentUser() => OfCurrentUser(CryptProtectMemory);

    /// <summary>The name, with another way to encrypt.</summary>
    [SupportedOSPlatform("windows")]
    internal static string OfCurrentUser(ProtectMemory protect) => Derive(
        CurrentUserName,
        block => protect(block, (uint)block.Length, CRYPTPROTECTMEMORY_CROSS_PROCESS));

    [SupportedOSPlatform("windows")]
    private static string? ReadPrincipalName()
    {
        Span<byte> name = stackalloc byte[MaxNameSizeBytes];
        uint size = MaxNameSizeBytes;
        return GetUserNameEx(NameUserPrincipal, name, ref size) == 0 ? null : TextOf(name);
    }

    [SupportedOSPlatform("windows")]
    private static string ReadAccountName()
    {
        Span<byte> name = stackalloc byte[MaxNameSizeBytes];
        uint size = MaxNameSizeBytes;
        return GetUserName(name, ref size) ? TextOf(name) : Environment.UserName;
    }

    /// <summary>Text in the system's code page, as PuTTY gives it to the calls that make and open the pipe.</summary>
    private static unsafe string TextOf(ReadOnlySpan<byte> text)
    {
        fixed (byte* start = text)
        {
            return Marshal.PtrToStringAnsi((nint)start) ?? "";
        }
    }

    [LibraryImport("crypt32", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    [SupportedOSPlatform("windows")]
    [return: MarshalAs(UnmanagedType.Bool)]
    private static partial bool CryptProtectMemory(Span<byte> block, uint size, uint flags);

    [LibraryImport("secur32", EntryPoint = "GetUserNameExA", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    [SupportedOSPlatform("windows")]
    private static partial byte GetUserNameEx(int format, Span<byte> name, ref uint size);

    [LibraryImport("advapi32", EntryPoint = "GetUserNameA", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    [SupportedOSPlatform("windows")]
    [return: MarshalAs(UnmanagedType.Bool)]
    private static partial bool GetUserName(Span<byte> name, ref uint size);
}
