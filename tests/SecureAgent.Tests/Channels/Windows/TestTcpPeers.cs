using System.Net;
using SecureAgent.Channels.Windows;
using SecureAgent.Core;

namespace SecureAgent.Tests.Channels.Windows;

/// <summary>A system that says what the test sets, where there is no Windows to ask.</summary>
internal sealed class TestTcpPeers : ITcpPeers
{
    public TcpPeer Peer { get; set; } = new(4242, "S-1-5-21-1", IsTrusted: true);

    public string? Distrust { get; set; }

    public (IPEndPoint Peer, IPEndPoint Own)? Asked { get; private set; }

    public Task<TcpPeer> FindAsync(IPEndPoint peer, IPEndPoint own)
    {
        Asked = (peer, own);
        return Task.FromResult(Peer);
    }

    public IReadOnlyList<PeerProcess> ProcessesOf(int processId) => [new PeerProcess(processId, "C:/ssh.exe")];

    public string? DistrustOf(string path) => Distrust;
}
