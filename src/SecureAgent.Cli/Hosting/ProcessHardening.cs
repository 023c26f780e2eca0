using System.Runtime.InteropServices;

namespace SecureAgent.Cli.Hosting;

/// <summary>Makes the agent's memory unreadable for other programs of the same user, as OpenSSH's agent does.</summary>
internal static class ProcessHardening
{
    /// <summary>Forbids tracing and core dumps.</summary>
    /// <param name="forCommand">Whether the process also starts a command of the user's, which inherits the file mode
    /// mask and the hard limits, and should get the user's.</param>
    /// <returns>What could not be done, one sentence each.</returns>
    public static IReadOnlyList<string> Apply(bool forCommand)
    {
        List<string> weaknesses = [];
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

        if (!forCommand)
        {
            _ = Libc.SetFileModeMask(0b000_111_111);
        }

        return weaknesses;
    }
}
