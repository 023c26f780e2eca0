using System.Net;
using System.Net.Sockets;
using System.Runtime.Versioning;

namespace SecureAgent.Channels.HyperV;

/// <summary>A service of a virtual machine, as the platform's sockets take it: they pass on what it serializes to, of
/// whatever family.</summary>
/// <param name="vmId">Id of the virtual machine.</param>
/// <param name="serviceId">Id of the service.</param>
[SupportedOSPlatform("windows")]
internal sealed class HyperVEndPoint(Guid vmId, Guid serviceId) : EndPoint
{
    /// <summary>Id of the virtual machine.</summary>
    public Guid VmId => vmId;

    /// <inheritdoc/>
    public override AddressFamily AddressFamily => (AddressFamily)HyperVAddress.Family;

    /// <inheritdoc/>
    public override SocketAddress Serialize()
    {
        SocketAddress address = new(AddressFamily, HyperVAddress.SizeBytes);
        HyperVAddress.Write(address.Buffer.Span, vmId, serviceId);
        return address;
    }

    /// <inheritdoc/>
    public override EndPoint Create(SocketAddress socketAddress)
    {
        ArgumentNullException.ThrowIfNull(socketAddress);
        (Guid vm, Guid service) = HyperVAddress.Read(socketAddress.Buffer.Span);
        return new HyperVEndPoint(vm, service);
    }
}
