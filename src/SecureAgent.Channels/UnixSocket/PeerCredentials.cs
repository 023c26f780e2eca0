using System.Net.Sockets;
using System.Runtime.InteropServices;
using SecureAgent.Core;

namespace SecureAgent.Channels.UnixSocket;

/// <summary>Who the kernel says is at the other end of a socket, as of connect (or, for a client, as of
/// listen).</summary>
/// <param name="ProcessId">Process id; <see langword="null"/> if it lives in another pid namespace.</param>
/// <param name="UserId">Effective user id.</param>
internal readonly record struct PeerCredentials(int? ProcessId, uint UserId)
{
    private const int UcredSizeBytes = 12;

    /// <summary>Whether the peer is this user or root, who can do everything anyway; nobody else may talk to the
    /// agent.</summary>
    public bool IsTrusted => UserId == Libc.GetEffectiveUserId() || UserId == 0;

    /// <summary>Asks the kernel (<c>SO_PEERCRED</c>, unix(7)).</summary>
    /// <exception cref="SocketException">The socket is not connected any more.</exception>
    public static PeerCredentials Of(Socket socket) => Of((int)socket.Handle);

    /// <summary>Asks the kernel (<c>SO_PEERCRED</c>, unix(7)).</summary>
    /// <exception cref="SocketException">The socket is not connected any more.</exception>
    public static PeerCredentials Of(int socket)
    {
        // struct ucred { pid_t pid; uid_t uid; gid_t gid; }
        Span<byte> ucred = stackalloc byte[UcredSizeBytes];
        uint length = UcredSizeBytes;
        if (Libc.GetSocketOption(socket, Libc.SOL_SOCKET, Libc.SO_PEERCRED, ucred, ref length) != 0
            || length != UcredSizeBytes)
        {
            throw new SocketException((int)SocketError.ProtocolOption);
        }

        int processId = MemoryMarshal.Read<int>(ucred);
        return new PeerCredentials(processId > 0 ? processId : null, MemoryMarshal.Read<uint>(ucred[4..]));
    }

    /// <summary>Names the peer for a message.</summary>
    public string Describe() => ProcessId is not { } pid
        ? $"a process of uid {UserId}"
        : ProcessTree.Read(pid) is [PeerProcess first, ..]
            ? $"{first.ImagePath} (pid {pid}, uid {UserId})"
            : $"pid {pid}, uid {UserId}";
}
