using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using SecureAgent.Channels.HyperV;

namespace SecureAgent.Tests.Channels.HyperV;

/// <summary>A host whose virtual machine is what a test says, and whose sockets are TCP's.</summary>
internal sealed class TestHyperVHost : IHyperVHost
{
    private int _looks;

    public Guid? Guest { get; set; }

    /// <summary>Where clients seem to come from, if not from the guest that is listened for.</summary>
    public Guid? Caller { get; set; }

    public bool Refuses { get; set; }

    /// <summary>How often the virtual machine was looked for.</summary>
    public int Looks => Volatile.Read(ref _looks);

    /// <summary>Each machine that was listened for, and where.</summary>
    public ConcurrentQueue<(Guid VmId, uint Port, IPEndPoint Address)> Listened { get; } = [];

    public void RequireSockets()
    {
    }

    public ValueTask<Guid?> FindGuestAsync(CancellationToken ct)
    {
        Interlocked.Increment(ref _looks);
        return ValueTask.FromResult(Guest);
    }

    public Socket Listen(Guid vmId, uint port)
    {
        if (Refuses)
        {
            throw new SocketException((int)SocketError.AccessDenied);
        }

        Socket socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        socket.Listen();
        Listened.Enqueue((vmId, port, (IPEndPoint)socket.LocalEndPoint!));
        return socket;
    }

    public Guid GuestOf(Socket client) => Caller ?? Listened.Last().VmId;
}
