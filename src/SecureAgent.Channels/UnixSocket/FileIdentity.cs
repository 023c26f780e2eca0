using System.Runtime.InteropServices;

namespace SecureAgent.Channels.UnixSocket;

/// <summary>Which file a path names, and whose it is.</summary>
/// <param name="Device">Number of the file system's device.</param>
/// <param name="Inode">Number within the file system.</param>
/// <param name="Owner">User id.</param>
/// <param name="Mode">Type and permission bits.</param>
internal readonly record struct FileIdentity(ulong Device, ulong Inode, uint Owner, int Mode)
{
    private const int StatXSizeBytes = 256;
    private const int S_IFMT = 0xF000;
    private const int S_IFSOCK = 0xC000;

    /// <summary>Whether it is a socket.</summary>
    public bool IsSocket => (Mode & S_IFMT) == S_IFSOCK;

    /// <summary>The permission bits.</summary>
    public UnixFileMode Permissions => (UnixFileMode)(Mode & 0xFFF);

    /// <summary>Whether both are the same file, whatever its permissions have become.</summary>
    public bool IsSameFileAs(FileIdentity other) => Device == other.Device && Inode == other.Inode;

    /// <summary>Reads it; <see langword="null"/> if there is no such file.</summary>
    /// <param name="path">Any path.</param>
    /// <param name="followLink">Whether a symbolic link stands for its target or for itself.</param>
    /// <exception cref="IOException">It cannot be read.</exception>
    public static FileIdentity? Read(string path, bool followLink)
    {
        const int ENOENT = 2;
        Span<byte> result = stackalloc byte[StatXSizeBytes];
        int flags = followLink ? 0 : Libc.AT_SYMLINK_NOFOLLOW;
        if (Libc.StatX(Libc.AT_FDCWD, path, flags, Libc.STATX_BASIC_STATS, result) != 0)
        {
            return Marshal.GetLastPInvokeError() == ENOENT
                ? null
                : throw new IOException($"{path}: {Marshal.GetLastPInvokeErrorMessage()}");
        }

        // struct statx is the same on every architecture: uid at 20, mode at 28, ino at 32, dev_major and
        // dev_minor at 136, which together serve as the device.
        return new FileIdentity(
            MemoryMarshal.Read<ulong>(result[136..]),
            MemoryMarshal.Read<ulong>(result[32..]),
            MemoryMarshal.Read<uint>(result[20..]),
            MemoryMarshal.Read<ushort>(result[28..]));
    }
}
