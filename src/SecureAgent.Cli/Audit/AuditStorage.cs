using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace SecureAgent.Cli.Audit;

/// <summary>Opens the files of the audit log so that nobody else can have put something in their place: no link is
/// followed, and on Linux a file is the user's own, of mode 0600, in a directory of 0700.</summary>
internal static class AuditStorage
{
    private const UnixFileMode PrivateFile = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private const UnixFileMode PrivateDirectory = PrivateFile | UnixFileMode.UserExecute;

    /// <summary>Opens a file to append to it; <see langword="null"/> if it is not there.</summary>
    /// <exception cref="IOException">It cannot be opened, or is not the user's own.</exception>
    public static SafeFileHandle? OpenExisting(string path)
    {
        if (OperatingSystem.IsLinux())
        {
            return Open(path, 0);
        }

        return File.Exists(path) ? OpenPortably(path, FileMode.Open) : null;
    }

    /// <summary>Makes a file that must not be there.</summary>
    /// <exception cref="IOException">It is there, or cannot be made.</exception>
    public static SafeFileHandle Create(string path) => OperatingSystem.IsLinux()
        ? Open(path, Libc.O_CREAT | Libc.O_EXCL) ?? throw NoDirectory(path)
        : OpenPortably(path, FileMode.CreateNew);

    /// <summary>Waits until nobody else has taken the lock, and takes it.</summary>
    /// <param name="path">The lock's file; it is made if it is not there.</param>
    /// <returns>The lock; it is free again when this is disposed.</returns>
    /// <exception cref="IOException">The file cannot be opened.</exception>
    public static SafeFileHandle Lock(string path)
    {
        if (!OperatingSystem.IsLinux())
        {
            return LockPortably(path);
        }

        SafeFileHandle file = Open(path, Libc.O_CREAT) ?? throw NoDirectory(path);
        while (Libc.FileLock(file, Libc.LOCK_EX) != 0)
        {
            if (Marshal.GetLastPInvokeError() != Libc.EINTR)
            {
                string cause = Marshal.GetLastPInvokeErrorMessage();
                file.Dispose();
                throw new IOException($"{path} cannot be locked: {cause}");
            }
        }

        return file;
    }

    /// <summary>Makes the directory of <paramref name="path"/> if it is not there.</summary>
    /// <exception cref="IOException">It cannot be made.</exception>
    public static void RequireDirectoryOf(string path)
    {
        string directory = Path.GetDirectoryName(path)!; // A full path of a file always has one.
        if (Directory.Exists(directory))
        {
            return;
        }

        if (OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(directory);
        }
        else
        {
            Directory.CreateDirectory(directory, PrivateDirectory);
        }
    }

    /// <summary>Brings the names in the directory of <paramref name="path"/> to the disk, where the system
    /// can.</summary>
    public static void FlushDirectoryOf(string path)
    {
        if (!OperatingSystem.IsLinux())
        {
            return;
        }

        int descriptor = Libc.Open(Path.GetDirectoryName(path)!, Libc.O_RDONLY | Libc.O_CLOEXEC, 0);
        if (descriptor >= 0)
        {
            using SafeFileHandle directory = new(descriptor, ownsHandle: true);
            RandomAccess.FlushToDisk(directory);
        }
    }

    private static SafeFileHandle? Open(string path, int flags)
    {
        // O_NONBLOCK: a pipe of that name must not hold the agent.
        int descriptor = Libc.Open(
            path,
            flags | Libc.O_RDWR | Libc.O_APPEND | Libc.O_CLOEXEC | Libc.O_NOFOLLOW | Libc.O_NONBLOCK,
            (uint)PrivateFile);
        if (descriptor < 0)
        {
            return Marshal.GetLastPInvokeError() switch
            {
                Libc.ENOENT => null,
                Libc.ELOOP => throw new IOException($"{path} is a symbolic link, which is not followed"),
                _ => throw new IOException($"{path}: {Marshal.GetLastPInvokeErrorMessage()}"),
            };
        }

        SafeFileHandle file = new(descriptor, ownsHandle: true);
        try
        {
            RequireOwn(file, path);
            return file;
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    private static void RequireOwn(SafeFileHandle file, string path)
    {
        const int StatXSizeBytes = 256;
        const int S_IFMT = 0xF000;
        const int S_IFREG = 0x8000;
        Span<byte> result = stackalloc byte[StatXSizeBytes];
        if (Libc.StatX(file, "", Libc.AT_EMPTY_PATH, Libc.STATX_BASIC_STATS, result) != 0)
        {
            throw new IOException($"{path}: {Marshal.GetLastPInvokeErrorMessage()}");
        }

        // struct statx is the same on every architecture: uid at 20, mode at 28.
        uint owner = MemoryMarshal.Read<uint>(result[20..]);
        int mode = MemoryMarshal.Read<ushort>(result[28..]);
        if ((mode & S_IFMT) != S_IFREG)
        {
            throw new IOException($"{path} is not a regular file");
        }

        if (owner != Libc.GetEffectiveUserId())
        {
            throw new IOException($"{path} belongs to user {owner}, not to this one");
        }

        if (!OperatingSystem.IsWindows() && (UnixFileMode)(mode & 0xFFF) != PrivateFile)
        {
            File.SetUnixFileMode(file, PrivateFile);
        }
    }

    private static IOException NoDirectory(string path) => new($"{path}: its directory is not there");

    private static SafeFileHandle OpenPortably(string path, FileMode mode) =>
        new FileInfo(path).LinkTarget is null
            ? File.OpenHandle(path, mode, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete)
            : throw new IOException($"{path} is a symbolic link, which is not followed");

    private static SafeFileHandle LockPortably(string path)
    {
        const int ERROR_SHARING_VIOLATION = unchecked((int)0x80070020);
        while (true)
        {
            try
            {
                return File.OpenHandle(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            }
            catch (IOException e) when (e.HResult == ERROR_SHARING_VIOLATION)
            {
                Thread.Sleep(1); // Another agent is writing a batch, which takes about as long.
            }
        }
    }
}
