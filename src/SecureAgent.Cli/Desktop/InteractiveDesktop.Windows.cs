using System.Runtime.Versioning;

namespace SecureAgent.Cli.Desktop;

/// <summary>Whether a person can see what this process shows. Services and logins over ssh have a window station of
/// their own that nobody sees: a dialog there would wait for ever.</summary>
[SupportedOSPlatform("windows")]
internal static unsafe class InteractiveDesktop
{
    /// <summary>Why nobody sees this process's windows; <see langword="null"/> if somebody does.</summary>
    public static string? Missing()
    {
        bool known = User32.GetUserObjectInformationW(
            User32.GetProcessWindowStation(), User32.UOI_FLAGS, out User32.USEROBJECTFLAGS flags,
            sizeof(User32.USEROBJECTFLAGS), out _);
        return known && (flags.dwFlags & User32.WSF_VISIBLE) != 0
            ? null
            : "this process has no desktop that a person sees (it is a service, or was started through ssh); "
                + "start the agent in the desktop session";
    }
}
