using System.Runtime.InteropServices;
using SecureAgent.Core;

namespace SecureAgent.Backends;

/// <summary>Reads and writes the files of keys so that a crash, a full disk or another program leaves either the whole
/// old file or the whole new one.</summary>
internal static partial class KeyFiles
{
    private const UnixFileMode PrivateFile = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private const UnixFileMode PublicFile = PrivateFile | UnixFileMode.GroupRead | UnixFileMode.OtherRead;
    private const UnixFileMode PrivateDirectory = PrivateFile | UnixFileMode.UserExecute;

    private const int ENOSPC = 28;
    private const int EROFS = 30;
    private const int EDQUOT = 122;
    private const int ERROR_DISK_FULL = unchecked((int)0x80070070);

    /// <summary>Makes <paramref name="directory"/> with mode 0700 if it is not there.</summary>
    /// <exception cref="BackendException">It cannot be made.</exception>
    public static void RequireDirectory(string directory) => Guard(directory, "make the directory", () =>
    {
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
    });

    /// <summary>Reads a whole file.</summary>
    /// <param name="path">The file.</param>
    /// <param name="maximumBytes">What no such file exceeds.</param>
    /// <exception cref="BackendException">It cannot be read, or is larger.</exception>
    public static byte[] Read(string path, int maximumBytes)
    {
        byte[] content = [];
        Guard(path, "read", () =>
        {
            using FileStream stream = new(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            if (stream.Length > maximumBytes)
            {
                throw new BackendException(
                    BackendFailure.Refused, $"The file {path} is larger than {maximumBytes} bytes.");
            }

            content = new byte[stream.Length];
            stream.ReadExactly(content);
        });
        return content;
    }

    /// <summary>Writes a file readable by its owner only.</summary>
    /// <param name="path">The file.</param>
    /// <param name="content">All of it.</param>
    /// <param name="overwrite">Whether a file that is there is replaced; otherwise that is an error.</param>
    /// <exception cref="BackendException">It cannot be written, and what was there is unchanged.</exception>
    public static void WritePrivate(string path, ReadOnlySpan<byte> content, bool overwrite) =>
        Write(path, content.ToArray(), PrivateFile, overwrite);

    /// <summary>Writes a file that everyone may read, replacing what is there.</summary>
    /// <exception cref="BackendException">It cannot be written, and what was there is unchanged.</exception>
    public static void WritePublic(string path, ReadOnlySpan<byte> content) =>
        Write(path, content.ToArray(), PublicFile, overwrite: true);

    /// <summary>Gives a file another name in its directory; never over another file.</summary>
    /// <exception cref="BackendException">It cannot be renamed, and both names are as before.</exception>
    public static void Rename(string from, string to) => Guard(from, "rename", () =>
    {
        File.Move(from, to, overwrite: false);
        FlushDirectory(Path.GetDirectoryName(to)!); // A file always has a directory.
    });

    /// <summary>Removes a file if it is there.</summary>
    /// <exception cref="BackendException">It cannot be removed.</exception>
    public static void Delete(string path) => Guard(path, "remove", () =>
    {
        File.Delete(path);
        FlushDirectory(Path.GetDirectoryName(path)!); // A file always has a directory.
    });

    private static void Write(string path, byte[] content, UnixFileMode mode, bool overwrite) =>
        Guard(path, "write", () =>
    {
        string directory = Path.GetDirectoryName(path)!; // A file always has a directory.
        // A leading dot hides it from every listing of keys, ours and others'.
        string temporary = Path.Combine(directory, $".{Path.GetFileName(path)}.{Guid.NewGuid():N}");
        bool moved = false;
        try
        {
            FileStreamOptions options = new() { Mode = FileMode.CreateNew, Access = FileAccess.Write, BufferSize = 0 };
            if (!OperatingSystem.IsWindows())
            {
                options.UnixCreateMode = mode;
            }

            using (FileStream stream = new(temporary, options))
            {
                stream.Write(content);
                stream.Flush(flushToDisk: true);
            }

            File.Move(temporary, path, overwrite);
            moved = true;
            FlushDirectory(directory);
        }
        finally
        {
            if (!moved)
            {
                File.Delete(temporary);
            }
        }
    });

    private static void Guard(string path, string verb, Action action)
    {
        try
        {
            action();
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new BackendException(BackendFailure.Refused,
                $"Cannot {verb} {path}: {Cause(exception)} Nothing was changed.", exception);
        }
    }

    private static string Cause(Exception exception) => exception switch
    {
        { HResult: ENOSPC or EDQUOT or ERROR_DISK_FULL } =>
            "the disk is full. Free some space on that file system, then run the command again.",
        { HResult: EROFS } =>
            "the file system is read-only. Make it writable or choose another directory with --key-dir.",
        UnauthorizedAccessException =>
            "the system denies access. Check the owner and mode of the file and its directory.",
        FileNotFoundException or DirectoryNotFoundException => "it is not there.",
        _ => exception.Message.EndsWith('.') ? exception.Message : exception.Message + ".",
    };

    // A renamed file is safe from a crash only after its directory reached the disk. Windows and some file systems have
    // no such call for directories; what they then do is all that can be had.
    private static void FlushDirectory(string directory)
    {
        if (OperatingSystem.IsWindows())
        {
            return;
        }

        int descriptor = OpenFile(directory, O_RDONLY_CLOEXEC);
        if (descriptor >= 0)
        {
            _ = FlushFile(descriptor);
            _ = CloseFile(descriptor);
        }
    }

    // O_RDONLY | O_CLOEXEC of Linux; elsewhere the second bit is another harmless flag of a read-only open.
    private const int O_RDONLY_CLOEXEC = 0x80000;

    [LibraryImport("libc", EntryPoint = "open", StringMarshalling = StringMarshalling.Utf8)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    private static partial int OpenFile(string path, int flags);

    [LibraryImport("libc", EntryPoint = "fsync")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    private static partial int FlushFile(int descriptor);

    [LibraryImport("libc", EntryPoint = "close")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    private static partial int CloseFile(int descriptor);
}
