using System.Runtime.InteropServices;

namespace SecureAgent.Cli.Hosting;

/// <summary>Makes the agent's memory unreadable for other programs of the same user, as OpenSSH's agent does.</summary>
internal static partial class ProcessHardening
{
    // .NET writes the memory of a crashed process to a file if one of them says so (dotnet-dump's documentation).
    private static readonly string[] DumpSettings = ["DOTNET_DbgEnableMiniDump", "COMPlus_DbgEnableMiniDump"];

    /// <summary>Forbids tracing and core dumps, and keeps what the process starts from gaining rights.</summary>
    /// <param name="forCommand">Whether the process also starts a command of the user's, which inherits the file mode
    /// mask, the hard limits and the rights to gain, and should get the user's.</param>
    /// <returns>What could not be done, one sentence each.</returns>
    public static IReadOnlyList<string> Apply(bool forCommand)
    {
        List<string> weaknesses = [];
        if (OperatingSystem.IsWindows())
        {
            ApplyWindows(weaknesses);
        }

        if (!OperatingSystem.IsLinux())
        {
            return weaknesses;
        }

        if (Libc.Prctl(Libc.PR_SET_DUMPABLE, 0, 0, 0, 0) != 0)
        {
            weaknesses.Add("other programs of this user may read the agent's memory: "
                + Marshal.GetLastPInvokeErrorMessage());
        }

        if (Libc.GetLimit(Libc.RLIMIT_CORE, out Libc.ResourceLimit limit) != 0
            || Libc.SetLimit(Libc.RLIMIT_CORE, limit with { Soft = 0, Hard = forCommand ? limit.Hard : 0 }) != 0)
        {
            weaknesses.Add("a crash may write the agent's memory to a core dump: "
                + Marshal.GetLastPInvokeErrorMessage());
        }

        // Only root's: what must not be traced cannot be read by the program that would write the file.
        if (Environment.IsPrivilegedProcess
            && DumpSettings.FirstOrDefault(name => Environment.GetEnvironmentVariable(name) == "1") is string setting)
        {
            weaknesses.Add($"{setting} is set, with which a crash may write the agent's memory to a file: unset it");
        }

        if (!forCommand)
        {
            if (Libc.Prctl(Libc.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
            {
                weaknesses.Add("a program that the agent starts may gain rights: "
                    + Marshal.GetLastPInvokeErrorMessage());
            }

            _ = Libc.SetFileModeMask(0b000_111_111);
        }

        return weaknesses;
    }
}
