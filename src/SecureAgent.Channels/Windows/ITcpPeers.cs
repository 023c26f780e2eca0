using System.Net;
using SecureAgent.Core;

namespace SecureAgent.Channels.Windows;

/// <summary>Asks the system who is at the other end of a TCP connection within this machine.</summary>
internal interface ITcpPeers
{
    /// <summary>Finds the process at the other end, as of now.</summary>
    /// <param name="peer">Its address and port.</param>
    /// <param name="own">Address and port of this end.</param>
    Task<TcpPeer> FindAsync(IPEndPoint peer, IPEndPoint own);

    /// <summary>The process and its ancestors, for display.</summary>
    IReadOnlyList<PeerProcess> ProcessesOf(int processId);

    /// <summary>Why a socket file cannot be believed: somebody else could have written it.</summary>
    /// <returns><see langword="null"/> if it can.</returns>
    string? DistrustOf(string path);
}
