using System.Runtime.InteropServices;

namespace SecureAgent.Cli.Hosting;

/// <summary>The calls of Linux that .NET has no name for.</summary>
internal static unsafe partial class Libc
{
    /// <summary>prctl(2): whether the process can be traced and dumped by others of the same user.</summary>
    public const int PR_SET_DUMPABLE = 4;

    /// <summary>prctl(2): whether programs that the process starts may gain rights.</summary>
    public const int PR_SET_NO_NEW_PRIVS = 38;

    /// <summary>setrlimit(2): the largest core dump.</summary>
    public const int RLIMIT_CORE = 4;

    /// <summary>signal(7), the same on every Linux.</summary>
    public const int SIGHUP = 1, SIGINT = 2, SIGQUIT = 3, SIGUSR1 = 10, SIGPIPE = 13, SIGTERM = 15;

    /// <summary>signal(2): the default disposition.</summary>
    public const nint SIG_DFL = 0;

    /// <summary>fcntl(2).</summary>
    public const int F_SETFD = 2, FD_CLOEXEC = 1;

    /// <summary>poll(2): something can be read.</summary>
    public const short POLLIN = 1;

    private const int AT_FDCWD = -100;
    private const int AT_SYMLINK_NOFOLLOW = 0x100;
    private const uint STATX_TYPE = 1;
    private const int StatXSizeBytes = 256;
    private const int S_IFMT = 0xF000;
    private const int S_IFSOCK = 0xC000;

    // The number of the call, the same on every architecture.
    private const nint SYS_pidfd_open = 434;

    /// <summary>clock_gettime(2): goes on while the machine sleeps.</summary>
    public const int CLOCK_BOOTTIME = 7;

    /// <summary>timerfd_create(2).</summary>
    public const int TFD_CLOEXEC = 0x80000;

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

    /// <summary>execvp(3). It returns only if it failed.</summary>
    [LibraryImport("libc", EntryPoint = "execvp", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    public static partial int ExecuteFromPath(byte* file, byte** arguments);

    /// <summary>setenv(3): the environment that <see cref="ExecuteFromPath"/> passes on, which .NET does not
    /// touch.</summary>
    [LibraryImport("libc", EntryPoint = "setenv", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    public static partial int SetVariable(string name, string value, int overwrite);

    /// <summary>signal(2).</summary>
    [LibraryImport("libc", EntryPoint = "signal", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    public static partial nint SetSignal(int signal, nint disposition);

    /// <summary>setsid(2).</summary>
    [LibraryImport("libc", EntryPoint = "setsid", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    public static partial int CreateSession();

    /// <summary>getppid(2).</summary>
    [LibraryImport("libc", EntryPoint = "getppid")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    public static partial int GetParentProcessId();

    /// <summary>dup2(2).</summary>
    [LibraryImport("libc", EntryPoint = "dup2", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    public static partial int Duplicate(SafeHandle descriptor, int asDescriptor);

    /// <summary>fcntl(2).</summary>
    [LibraryImport("libc", EntryPoint = "fcntl", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    public static partial int FileControl(int descriptor, int command, int argument);

    /// <summary>poll(2).</summary>
    [LibraryImport("libc", EntryPoint = "poll", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    public static partial int Poll(ref PollDescriptor descriptors, nuint count, int timeoutMilliseconds);

    /// <summary>pidfd_open(2): a descriptor that can be read once the process has ended; negative where there is no
    /// such process, or no such call.</summary>
    public static int OpenProcess(int process) => (int)SystemCall(SYS_pidfd_open, process, 0);

    /// <summary>Whether the path itself, not what it may link to, is a socket.</summary>
    public static bool IsSocket(string path)
    {
        Span<byte> result = stackalloc byte[StatXSizeBytes];
        // struct statx: the mode is at 28.
        return StatX(AT_FDCWD, path, AT_SYMLINK_NOFOLLOW, STATX_TYPE, result) == 0
            && (MemoryMarshal.Read<ushort>(result[28..]) & S_IFMT) == S_IFSOCK;
    }

    [LibraryImport("libc", EntryPoint = "syscall", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    private static partial nint SystemCall(nint number, nint first, nint second);

    [LibraryImport("libc", EntryPoint = "statx", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    private static partial int StatX(int directory, string path, int flags, uint mask, Span<byte> result);

    /// <summary>clock_gettime(2).</summary>
    [LibraryImport("libc", EntryPoint = "clock_gettime")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    [SuppressGCTransition]
    public static partial int GetTime(int clock, out TimeSpec time);

    /// <summary>timerfd_create(2).</summary>
    [LibraryImport("libc", EntryPoint = "timerfd_create", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    public static partial int CreateTimer(int clock, int flags);

    /// <summary>timerfd_settime(2).</summary>
    [LibraryImport("libc", EntryPoint = "timerfd_settime", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    public static partial int SetTimer(SafeHandle timer, int flags, in TimerSpec setting, nint before);

    /// <summary>read(2).</summary>
    [LibraryImport("libc", EntryPoint = "read", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    public static partial nint Read(SafeHandle file, Span<byte> buffer, nuint count);

    /// <summary><c>struct timespec</c>.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct TimeSpec
    {
        /// <summary>Whole seconds.</summary>
        public nint Seconds;

        /// <summary>And less than a second more.</summary>
        public nint Nanoseconds;
    }

    /// <summary><c>struct itimerspec</c>.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct TimerSpec
    {
        /// <summary>From one expiration to the next; zero for a single one.</summary>
        public TimeSpec Interval;

        /// <summary>Until the first; zero stops the timer.</summary>
        public TimeSpec First;
    }

    /// <summary><c>struct pollfd</c>.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct PollDescriptor
    {
        /// <summary>What to wait for.</summary>
        public int Descriptor;

        /// <summary>Which events.</summary>
        public short Events;

        /// <summary>Which came.</summary>
        public short Came;
    }

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
