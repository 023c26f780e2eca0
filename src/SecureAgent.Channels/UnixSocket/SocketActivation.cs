using System.Globalization;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using SecureAgent.Core;

namespace SecureAgent.Channels.UnixSocket;

/// <summary>Takes over a listening socket that systemd opened (sd_listen_fds(3)).</summary>
internal static class SocketActivation
{
    private const int SD_LISTEN_FDS_START = 3;

    private static readonly string[] Variables = ["LISTEN_FDS", "LISTEN_PID", "LISTEN_FDNAMES"];

    /// <summary>The inherited socket, or <see langword="null"/> if there is none. The variables are gone afterwards, so
    /// that no child takes them for its own.</summary>
    /// <exception cref="ChannelException">There is something else than one listening Unix stream socket.</exception>
    public static Socket? Take()
    {
        string? count = Environment.GetEnvironmentVariable("LISTEN_FDS");
        string? processId = Environment.GetEnvironmentVariable("LISTEN_PID");
        if (count is null && processId is null)
        {
            return null;
        }

        foreach (string variable in Variables)
        {
            Environment.SetEnvironmentVariable(variable, null);
        }

        if (processId != Environment.ProcessId.ToString(CultureInfo.InvariantCulture))
        {
            throw new ChannelException($"LISTEN_PID is \"{processId}\", but this process is {Environment.ProcessId}: "
                + "the socket was meant for another. Let systemd start secure-agent itself, without a program "
                + "between.");
        }

        if (count != "1")
        {
            throw new ChannelException($"LISTEN_FDS is \"{count}\", but secure-agent takes exactly one socket. "
                + "Give the .socket unit a single ListenStream=.");
        }

        return Adopt(SD_LISTEN_FDS_START);
    }

    /// <summary>Takes ownership of descriptor <paramref name="descriptor"/> if it is what is needed.</summary>
    /// <exception cref="ChannelException">It is something else.</exception>
    public static Socket Adopt(int descriptor)
    {
#pragma warning disable CA2000 // The socket owns it, or it is disposed below.
        SafeSocketHandle handle = new(descriptor, ownsHandle: true);
#pragma warning restore CA2000
        Socket? socket = null;
        try
        {
            socket = new Socket(handle);
            if (Option(socket, Libc.SO_DOMAIN) == Libc.AF_UNIX && Option(socket, Libc.SO_TYPE) == Libc.SOCK_STREAM
                && Option(socket, Libc.SO_ACCEPTCONN) == 1)
            {
                _ = Libc.FileControl(handle, Libc.F_SETFD, Libc.FD_CLOEXEC);
                return socket;
            }
        }
        catch (SocketException)
        {
            // Not a socket at all; said below.
        }

        socket?.Dispose();
        handle.Dispose();
        throw new ChannelException($"Descriptor {descriptor} from systemd is not a listening Unix stream socket. "
            + "The .socket unit needs ListenStream= with a path, and Accept=no.");
    }

    private static int Option(Socket socket, int name)
    {
        Span<byte> value = stackalloc byte[sizeof(int)];
        socket.GetRawSocketOption(Libc.SOL_SOCKET, name, value);
        return MemoryMarshal.Read<int>(value);
    }
}
