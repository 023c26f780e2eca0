using System.Net.Sockets;
using SecureAgent.Core;

namespace SecureAgent.Channels.HyperV;

/// <summary>What the channel needs of the system that WSL2's virtual machine runs on.</summary>
internal interface IHyperVHost
{
    /// <summary>Finds out whether there are Hyper-V sockets at all.</summary>
    /// <exception cref="ChannelException">There are none.</exception>
    void RequireSockets();

    /// <summary>Finds WSL2's virtual machine, and never starts it.</summary>
    /// <returns>Its id; <see langword="null"/> if it does not run.</returns>
    ValueTask<Guid?> FindGuestAsync(CancellationToken ct);

    /// <summary>Listens for the processes of one virtual machine.</summary>
    /// <exception cref="SocketException">It cannot be done.</exception>
    Socket Listen(Guid vmId, uint port);

    /// <summary>Id of the virtual machine that a client comes from.</summary>
    /// <exception cref="SocketException">It has gone.</exception>
    Guid GuestOf(Socket client);
}
