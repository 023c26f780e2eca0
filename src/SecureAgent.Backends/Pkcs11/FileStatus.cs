using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace SecureAgent.Backends.Pkcs11;

/// <summary>What a file is, and whose.</summary>
/// <param name="Identity">Which file it is.</param>
/// <param name="Owner">User id.</param>
/// <param name="Mode">Type and permission bits.</param>
internal readonly record struct FileStatus(ModuleIdentity Identity, uint Owner, int Mode)
{
    private const int StatXSizeBytes = 256;
    private const int S_IFMT = 0xF000;
    private const int S_IFDIR = 0x4000;
    private const int S_IFREG = 0x8000;

    /// <summary>Whether it is a directory.</summary>
    public bool IsDirectory => (Mode & S_IFMT) == S_IFDIR;

    /// <summary>Whether it is a regular file.</summary>
    public bool IsRegularFile => (Mode & S_IFMT) == S_IFREG;

    /// <summary>Whether its group or everybody may write to it, sticky or not.</summary>
    public bool IsWritableByOthers =>
        ((UnixFileMode)Mode & (UnixFileMode.GroupWrite | UnixFileMode.OtherWrite)) != UnixFileMode.None;

    /// <summary>Of a path; a symbolic link stands for itself.</summary>
    /// <exception cref="IOException">It cannot be read.</exception>
    public static FileStatus Of(string path)
    {
        Span<byte> result = stackalloc byte[StatXSizeBytes];
        int answer = Libc.StatX(Libc.AT_FDCWD, path, Libc.AT_SYMLINK_NOFOLLOW, Libc.STATX_BASIC_STATS, result);
        return answer == 0 ? Parse(result) : throw Failed(path);
    }

    /// <summary>Of an open file.</summary>
    /// <exception cref="IOException">It cannot be read.</exception>
    public static FileStatus Of(SafeFileHandle file)
    {
        Span<byte> result = stackalloc byte[StatXSizeBytes];
        int answer = Libc.StatX(file, "", Libc.AT_EMPTY_PATH, Libc.STATX_BASIC_STATS, result);
        return answer == 0 ? Parse(result) : throw Failed("the open file");
    }

    // struct statx is the same on every architecture: uid at 20, mode at 28, ino at 32, dev_major at 136, dev_minor
    // at 140.
    private static FileStatus Parse(ReadOnlySpan<byte> statx) => new(
        new ModuleIdentity(
            MemoryMarshal.Read<uint>(statx[136..]),
            MemoryMarshal.Read<uint>(statx[140..]),
            MemoryMarshal.Read<ulong>(statx[32..])),
        MemoryMarshal.Read<uint>(statx[20..]),
        MemoryMarshal.Read<ushort>(statx[28..]));

    private static IOException Failed(string what) => new($"{what}: {Marshal.GetLastPInvokeErrorMessage()}");
}
