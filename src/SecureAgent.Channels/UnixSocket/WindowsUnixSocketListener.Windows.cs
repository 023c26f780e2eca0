using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using System.Text;
using SecureAgent.Channels.Windows;
using SecureAgent.Core;

namespace SecureAgent.Channels.UnixSocket;

/// <summary>A listening socket and the name it has in a Windows file system, where it is a reparse point
/// (IO_REPARSE_TAG_AF_UNIX) that outlives a crash.</summary>
[SupportedOSPlatform("windows")]
internal sealed partial class WindowsUnixSocketListener : IDisposable
{
    /// <summary>SOCKADDR_UN of afunix.h: uint16 family, 108 bytes of path in UTF-8, the last a zero.</summary>
    private const int MaxPathSizeBytes = 107;

    private readonly string _path;
    private readonly DateTime _created;

    private WindowsUnixSocketListener(Socket socket, string path, DateTime created) =>
        (Socket, _path, _created) = (socket, path, created);

    /// <summary>The listening socket.</summary>
    public Socket Socket { get; }

    /// <summary>Listens on <paramref name="path"/>: the directory is made for this user alone if it is missing, the
    /// socket is this user's alone before anyone can connect, a socket that nobody serves any more is
    /// replaced.</summary>
    /// <exception cref="ChannelException">The system has no Unix sockets, or the place is taken.</exception>
    public static WindowsUnixSocketListener Open(string path)
    {
        if (Encoding.UTF8.GetByteCount(path) > MaxPathSizeBytes)
        {
            throw new ChannelException($"The path {path} is longer than the {MaxPathSizeBytes} bytes that a Unix "
                + "socket's name may have. Choose a shorter one.");
        }

        Socket? socket = null;
        try
        {
#pragma warning disable CA2000 // The listener owns it, or it is disposed below.
            socket = CreateSocket();
#pragma warning restore CA2000
            // The caller made the path absolute.
            OwnerOnlyFile.CreateDirectory(Path.GetDirectoryName(path)
                ?? throw new ChannelException($"{path} is a directory and cannot be a socket. Choose another path."));
            RemoveStale(path);
            Bind(socket, path);

            // Before listening: until then every connect is refused, so that no inherited right can open a gap.
            OwnerOnlyFile.Restrict(path);
            WindowsUnixSocketListener listener = new(socket, path, File.GetLastWriteTimeUtc(path));
            socket.Listen(); // As many as the system lets wait.
            return listener;
        }
        catch (Exception exception)
        {
            socket?.Dispose();
            if (exception is IOException or UnauthorizedAccessException or SocketException)
            {
                throw new ChannelException($"Cannot listen on {path}: {exception.Message}", exception);
            }

            throw;
        }
    }

    /// <summary>Stops listening and removes the name, unless another agent has taken it over. Creation times would not
    /// tell: Windows gives a new file that of the one it replaces.</summary>
    public void Dispose()
    {
        try
        {
            if (File.GetLastWriteTimeUtc(_path) == _created)
            {
                File.Delete(_path);
            }
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // The directory has gone, or is closed to us now; the next agent finds the socket stale.
        }

        Socket.Dispose();
    }

    private static Socket CreateSocket()
    {
        try
        {
            return new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        }
        catch (SocketException exception) when (exception.SocketErrorCode is SocketError.AddressFamilyNotSupported
            or SocketError.ProtocolFamilyNotSupported or SocketError.SocketNotSupported)
        {
            throw new ChannelException("This Windows has no Unix sockets, which came with Windows 10 1803. The other "
                + "channels serve on; leave unix out of the configuration.", exception);
        }
    }

    /// <summary>Removes a socket that nobody serves, which only connecting shows. <see cref="File.Exists(string)"/> may
    /// deny that there is one.</summary>
    private static void RemoveStale(string path)
    {
        FileInfo found = new(path);
        if (found.Attributes == (FileAttributes)(-1))
        {
            return;
        }

        if ((found.Attributes & FileAttributes.ReparsePoint) == 0)
        {
            throw new ChannelException($"{path} exists and is not a socket. Remove it, or choose another path.");
        }

        using Socket probe = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            probe.Connect(new UnixDomainSocketEndPoint(path));
        }
        catch (SocketException exception) when (exception.SocketErrorCode == SocketError.ConnectionRefused)
        {
            File.Delete(path);
            return;
        }

        throw new ChannelException($"{path} is served already, by {WindowsPeer.Of(probe).Describe()}. "
            + "Stop it, or choose another path.");
    }

    /// <summary>Binds by the system's own call: the platform's would delete the name when the socket is closed, whoever
    /// owns it by then.</summary>
    private static void Bind(Socket socket, string path)
    {
        Span<byte> address = stackalloc byte[sizeof(ushort) + MaxPathSizeBytes + 1];
        address.Clear();
        ushort family = (ushort)AddressFamily.Unix;
        MemoryMarshal.Write(address, in family);
        Encoding.UTF8.GetBytes(path, address[sizeof(ushort)..]);
        if (Bind(socket.SafeHandle, address, address.Length) != 0)
        {
            throw new SocketException(Marshal.GetLastPInvokeError());
        }
    }

    [LibraryImport("ws2_32", EntryPoint = "bind", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    private static partial int Bind(SafeHandle socket, ReadOnlySpan<byte> address, int length);
}
