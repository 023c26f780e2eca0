using System.Runtime.InteropServices;

namespace SecureAgent.Cli.Hosting;

/// <summary>The calls of Linux that .NET has no name for.</summary>
internal static unsafe partial class Libc
{
    /// <summary>prctl(2): whether the process can be traced and dumped by others of the same user.</summary>
    public const int PR_SET_DUMPABLE = 4;

    /// <summary>setrlimit(2): the largest core dump.</summary>
    public const int RLIMIT_CORE = 4;

    /// <summary>signal(7), the same on every Linux.</summary>
    public const int SIGHUP = 1, SIGINT = 2, SIGQUIT = 3, SIGTERM = 15;

    /// <summary>prctl(2).</summary>
    [LibraryImport("libc", EntryPoint = "prctl", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    public static partial int Prctl(int option, nuint second, nuint third, nuint fourth, nuint fifth);

    /// <summary>getrlimit(2).</summary>
    [LibraryImport("libc", EntryPoint = "getrlimit", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    public static partial int GetLimit(int resource, out ResourceLimit limit);

    /// <summary>setrlimit(2).</summary>
    [LibraryImport("libc", EntryPoint = "setrlimit", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    public static partial int SetLimit(int resource, in ResourceLimit limit);

    /// <summary>umask(2).</summary>
    [LibraryImport("libc", EntryPoint = "umask")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    public static partial uint SetFileModeMask(uint mask);

    /// <summary>kill(2).</summary>
    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    public static partial int Kill(int process, int signal);

    /// <summary>execve(2). It returns only if it failed.</summary>
    [LibraryImport("libc", EntryPoint = "execve", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    public static partial int Execute(string path, byte** arguments, byte** environment);

    /// <summary><c>struct rlimit</c>.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct ResourceLimit
    {
        /// <summary>The limit in force.</summary>
        public nuint Soft;

        /// <summary>How far the process itself may raise it.</summary>
        public nuint Hard;
    }
}
