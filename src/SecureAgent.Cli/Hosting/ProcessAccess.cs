using System.Globalization;

namespace SecureAgent.Cli.Hosting;

/// <summary>Who may do what with the agent's process on Windows, where by default every program of the same user may
/// read its memory. Administrators, who have the privilege to debug, still may.</summary>
internal static class ProcessAccess
{
    /// <summary>PROCESS_VM_READ (winnt.h).</summary>
    public const uint VmRead = 0x0010;

    /// <summary>WRITE_DAC (winnt.h), with which the list could be replaced.</summary>
    public const uint WriteDac = 0x0004_0000;

    // PROCESS_TERMINATE, PROCESS_QUERY_LIMITED_INFORMATION, READ_CONTROL and SYNCHRONIZE: what Task Manager and clients
    // need that want to know whom they talk to.
    private const uint Granted = 0x0001 | 0x1000 | 0x0002_0000 | 0x0010_0000;

    /// <summary>The descriptor as text (SDDL).</summary>
    /// <param name="user">SID of the user.</param>
    /// <returns>SYSTEM may do everything, the user little. Without the entry for OWNER RIGHTS, the owner might change
    /// the list.</returns>
    public static string Descriptor(string user) => string.Create(
        CultureInfo.InvariantCulture, $"D:P(A;;GA;;;SY)(A;;0x{Granted:x};;;OW)(A;;0x{Granted:x};;;{user})");
}
