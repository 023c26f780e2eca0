using SecureAgent.Core;

namespace SecureAgent.Backends.SecurityKey;

/// <summary>Where ssh-sk-helper(8) of the installed OpenSSH is.</summary>
internal static class SkHelperProgram
{
    private const string Name = "ssh-sk-helper";

    // Debian; Fedora; the BSDs and macOS; Arch and SUSE; built from source.
    private static readonly string[] UsualPlaces =
    [
        "/usr/lib/openssh/" + Name, "/usr/libexec/openssh/" + Name, "/usr/libexec/" + Name, "/usr/lib/ssh/" + Name,
        "/usr/local/libexec/" + Name,
    ];

    /// <summary>Finds it as OpenSSH does.</summary>
    /// <param name="configured">What SSH_SK_HELPER says; <see langword="null"/> or empty for the usual place.</param>
    /// <exception cref="BackendException">It is not there (<see cref="BackendFailure.DeviceAbsent"/>).</exception>
    public static string Find(string? configured)
    {
        if (!string.IsNullOrEmpty(configured))
        {
            return File.Exists(configured)
                ? configured
                : throw Absent($"SSH_SK_HELPER names {configured}, which is not there");
        }

        string[] places = OperatingSystem.IsWindows() ? WindowsPlaces() : UsualPlaces;
        return Array.Find(places, File.Exists)
            ?? throw Absent($"OpenSSH's {Name} is not installed, or not in one of {string.Join(", ", places)}");
    }

    /// <summary>Beside ssh.exe: that of Windows itself, and that of the package.</summary>
    private static string[] WindowsPlaces() =>
    [
        Path.Combine(
            Environment.GetFolderPath(Environment.SpecialFolder.System), "OpenSSH", Name + ".exe"),
        Path.Combine(
            Environment.GetFolderPath(Environment.SpecialFolder.ProgramFiles), "OpenSSH", Name + ".exe"),
    ];

    private static BackendException Absent(string reason) => new(
        BackendFailure.DeviceAbsent,
        $"Security keys cannot be used: {reason}. Install OpenSSH's client, or set SSH_SK_HELPER for the agent.");
}
