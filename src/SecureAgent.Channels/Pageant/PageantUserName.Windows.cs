using System.Runtime.InteropServices;
using System.Runtime.Versioning;

namespace SecureAgent.Channels.Pageant;

/// <summary>The user's name as PuTTY writes it into the names of its objects (windows/utils/get_username.c).</summary>
[SupportedOSPlatform("windows")]
internal static partial class PageantUserName
{
    private const int NameUserPrincipal = 8;
    private const int MaxCharacters = 1024;

    /// <summary>The user principal name up to its <c>@</c>; outside a domain, where there is none, the name of the
    /// account.</summary>
    public static string Current
    {
        get
        {
            Span<ushort> name = stackalloc ushort[MaxCharacters];
            uint length = MaxCharacters;
            return GetUserNameEx(NameUserPrincipal, name, ref length) == 0
                ? Environment.UserName
                : MemoryMarshal.Cast<ushort, char>(name[..(int)length]).ToString().Split('@')[0];
        }
    }

    [LibraryImport("secur32", EntryPoint = "GetUserNameExW")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    private static partial byte GetUserNameEx(int format, Span<ushort> name, ref uint length);
}
