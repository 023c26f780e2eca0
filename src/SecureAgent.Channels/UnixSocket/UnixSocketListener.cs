using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using System.Text;
using Microsoft.Win32.SafeHandles;
using SecureAgent.Core;

namespace SecureAgent.Channels.UnixSocket;

/// <summary>A listening socket and the name it has in the file system.</summary>
internal sealed class UnixSocketListener : IDisposable
{
    /// <summary>How many clients may wait to be accepted; the kernel caps it at net.core.somaxconn.</summary>
    private const int Backlog = 4096;

    /// <summary>struct sockaddr_un { sa_family_t sun_family; char sun_path[108]; }, the last for a zero.</summary>
    private const int MaxPathSizeBytes = 107;

    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private const UnixFileMode OwnerOnlyDirectory = OwnerOnly | UnixFileMode.UserExecute;
    private const UnixFileMode WritableByOthers = UnixFileMode.GroupWrite | UnixFileMode.OtherWrite;

    private readonly string _path;
    private readonly FileIdentity? _created;

    private UnixSocketListener(Socket socket, string path, FileIdentity? created) =>
        (Socket, _path, _created) = (socket, path, created);

    /// <summary>The listening socket.</summary>
    public Socket Socket { get; }

    /// <summary>Wraps a socket that somebody else named, and will remove.</summary>
    public static UnixSocketListener Inherited(Socket socket) => new(socket, "", null);

    /// <summary>Listens on <paramref name="path"/>: the directory is made (0700) if missing, the socket is 0600 before
    /// anyone can connect, a socket that nobody serves any more is replaced.</summary>
    /// <exception cref="ChannelException">The place is unsafe or taken; the message says by whom.</exception>
    public static UnixSocketListener Open(string path)
    {
        if (!OperatingSystem.IsLinux())
        {
            throw new ChannelException("The Unix socket channel needs Linux.");
        }

        if (Encoding.UTF8.GetByteCount(path) > MaxPathSizeBytes)
        {
            throw new ChannelException($"The path {path} is longer than the {MaxPathSizeBytes} bytes that a Unix "
                + "socket's name may have. Choose a shorter one.");
        }

        // The caller made the path absolute.
        string directory = Path.GetDirectoryName(path)
            ?? throw new ChannelException($"{path} is a directory and cannot be a socket. Choose another path.");
        try
        {
            CreateDirectories(directory);
            RequirePrivate(directory);
            using SafeFileHandle starting = LockDirectory(directory);
            RemoveStale(path);
            return Create(path);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or SocketException)
        {
            throw new ChannelException($"Cannot listen on {path}: {exception.Message}", exception);
        }
    }

    /// <summary>Stops listening and removes the name, unless another agent has taken it over.</summary>
    public void Dispose()
    {
        try
        {
            if (_created is { } created && FileIdentity.Read(_path, followLink: false) is { } current
                && current.IsSameFileAs(created))
            {
                File.Delete(_path);
            }
        }
        catch (IOException)
        {
            // The directory has gone, and the name with it.
        }
        catch (UnauthorizedAccessException)
        {
            // The directory is closed to us now; the next agent finds the socket stale.
        }

        Socket.Dispose();
    }

    /// <summary>Makes what is missing of the path; the platform would give only the last directory its mode.</summary>
    [SupportedOSPlatform("linux")]
    private static void CreateDirectories(string directory)
    {
        if (!Directory.Exists(directory))
        {
            if (Path.GetDirectoryName(directory) is { } parent)
            {
                CreateDirectories(parent);
            }

            Directory.CreateDirectory(directory, OwnerOnlyDirectory);
        }
    }

    private static void RequirePrivate(string directory)
    {
        FileIdentity identity = FileIdentity.Read(directory, followLink: true)
            ?? throw new ChannelException($"The directory {directory} has gone. Try again.");
        if (identity.Owner != Libc.GetEffectiveUserId())
        {
            throw new ChannelException($"The directory {directory} belongs to uid {identity.Owner}, who could replace "
                + "the socket. Choose a directory of your own.");
        }

        if ((identity.Permissions & WritableByOthers) != 0)
        {
            throw new ChannelException($"The directory {directory} can be written by others, who could replace the "
                + $"socket. Run chmod 700 {directory}, or choose another.");
        }
    }

    /// <summary>Keeps two agents that start at once from each taking the other's new socket for a stale one.</summary>
    private static SafeFileHandle LockDirectory(string directory)
    {
        int onlyDirectory = RuntimeInformation.ProcessArchitecture is Architecture.Arm64 or Architecture.Arm
            ? Libc.O_DIRECTORY_ARM
            : Libc.O_DIRECTORY;
        int descriptor = Libc.Open(directory, onlyDirectory | Libc.O_CLOEXEC);
        if (descriptor < 0)
        {
            throw new IOException(Marshal.GetLastPInvokeErrorMessage());
        }

        SafeFileHandle handle = new(descriptor, ownsHandle: true);
        if (Libc.FileLock(handle, Libc.LOCK_EX) != 0)
        {
            string reason = Marshal.GetLastPInvokeErrorMessage();
            handle.Dispose();
            throw new IOException(reason);
        }

        return handle;
    }

    /// <summary>Removes a socket that nobody serves, which only connecting shows.</summary>
    private static void RemoveStale(string path)
    {
        if (FileIdentity.Read(path, followLink: false) is not { } found)
        {
            return;
        }

        if (!found.IsSocket)
        {
            throw new ChannelException($"{path} exists and is not a socket. Remove it, or choose another path.");
        }

        using Socket probe = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified) { Blocking = false };
        try
        {
            probe.Connect(new UnixDomainSocketEndPoint(path));
        }
        catch (SocketException exception) when (exception.SocketErrorCode == SocketError.ConnectionRefused)
        {
            File.Delete(path);
            return;
        }
        catch (SocketException exception) when (exception.SocketErrorCode == SocketError.WouldBlock)
        {
            throw new ChannelException($"{path} is served by another program, which is too busy to say who it is. "
                + "Stop it, or choose another path.", exception);
        }

        throw new ChannelException($"{path} is served already, by {PeerCredentials.Of(probe).Describe()}. "
            + "Stop it, or choose another path.");
    }

    /// <summary>Binds by the C library: the platform's Bind would delete the name when the socket is closed, whoever
    /// owns it by then.</summary>
    [SupportedOSPlatform("linux")]
    private static UnixSocketListener Create(string path)
    {
        int descriptor = Libc.CreateSocket(Libc.AF_UNIX, Libc.SOCK_STREAM | Libc.SOCK_CLOEXEC, 0);
        if (descriptor < 0)
        {
            throw new IOException(Marshal.GetLastPInvokeErrorMessage());
        }

#pragma warning disable CA2000 // The socket owns it, or it is disposed below.
        SafeSocketHandle handle = new(descriptor, ownsHandle: true);
#pragma warning restore CA2000
        Socket? socket = null;
        try
        {
            Span<byte> address = stackalloc byte[sizeof(ushort) + MaxPathSizeBytes + 1];
            address.Clear();
            ushort family = Libc.AF_UNIX;
            MemoryMarshal.Write(address, in family);
            Encoding.UTF8.GetBytes(path, address[sizeof(ushort)..]);
            if (Libc.Bind(handle, address, (uint)address.Length) != 0)
            {
                throw new IOException(Marshal.GetLastPInvokeErrorMessage());
            }

            // Before listening: until then every connect is refused, so that no umask can open a gap.
            File.SetUnixFileMode(path, OwnerOnly);
            FileIdentity created = FileIdentity.Read(path, followLink: false)
                ?? throw new IOException("the socket was removed while it was made");
#pragma warning disable CA2000 // The listener owns it, or it is disposed below.
            socket = new Socket(handle);
#pragma warning restore CA2000
            socket.Listen(Backlog);
            return new UnixSocketListener(socket, path, created);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or SocketException)
        {
            socket?.Dispose();
            handle.Dispose();
            throw;
        }
    }
}
