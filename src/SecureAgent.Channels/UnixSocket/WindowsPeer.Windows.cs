using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using SecureAgent.Channels.Windows;

namespace SecureAgent.Channels.UnixSocket;

/// <summary>Who Windows says is at the other end of a Unix socket.</summary>
/// <param name="ProcessId">Process id; 0 if the system does not say.</param>
/// <param name="User">SID of its user; <see langword="null"/> if it is not known.</param>
[SupportedOSPlatform("windows")]
internal readonly record struct WindowsPeer(int ProcessId, string? User)
{
    /// <summary>_WSAIOR(IOC_VENDOR, 256) of afunix.h: gives a uint32.</summary>
    private const int SIO_AF_UNIX_GETPEERPID = 0x58000100;

    /// <summary>Whether the peer is this user or the system; nobody else may talk to the agent.</summary>
    public bool IsTrusted => User == WindowsUser.Current.Sid || User == WindowsUser.LocalSystemSid;

    /// <summary>Asks the system.</summary>
    /// <exception cref="SocketException">The socket is not connected any more.</exception>
    public static WindowsPeer Of(Socket socket)
    {
        byte[] answer = new byte[sizeof(uint)];
        socket.IOControl(SIO_AF_UNIX_GETPEERPID, null, answer);
        int processId = MemoryMarshal.Read<int>(answer);
        return new WindowsPeer(processId, processId == 0 ? null : WindowsProcess.UserOf(processId));
    }

    /// <summary>Names the peer for a message.</summary>
    public string Describe() => ProcessId == 0 ? "an unknown process" : WindowsProcess.Describe(ProcessId);
}
